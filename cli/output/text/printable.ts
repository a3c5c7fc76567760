/** Text of other people's files, as a terminal may have it. Pure. */

/** Controls (line breaks among them), and what turns the direction of the text behind it. */
const unprintable = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** On one line, and without a sequence that a terminal obeys: `\u{1b}` stands for an escape. */
export const printable = (text: string): string =>
  text.replaceAll(unprintable, (found) => `\\u{${found.codePointAt(0)?.toString(16)}}`);

/** The same, but that its lines stay lines. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');
