/** How a terminal can be drawn on. Pure. */

export interface Look {
  /** No line may have more: one that wraps cannot be redrawn. */
  readonly columns: number;
  /** Lines at most. */
  readonly rows: number;
  readonly colour: boolean;
  /** Whether it shows more than ASCII. */
  readonly unicode: boolean;
}

/** As the system's libraries choose: the first of these that is set counts. */
export function showsUnicode({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean {
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => (value ?? '') !== '') ?? '';
  return /utf-?8/i.test(locale);
}

/**
 * Whether a terminal that is made narrower puts what no longer fits onto further rows. Most do; those that cut lines off
 * are known by what they set. Within tmux it is tmux that draws.
 */
export function rewraps({ STY, TERM = '', TMUX, XTERM_VERSION }: NodeJS.ProcessEnv): boolean {
  if (TMUX) return true;
  return !(STY || XTERM_VERSION || /^(linux|screen|st)(-|$)/.test(TERM));
}

export type Colour = 'cyan' | 'green' | 'yellow' | 'red' | 'blue' | 'magenta' | 'grey';

const codes: Readonly<Record<Colour, number>> = {
  ...{ red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36, grey: 90 },
};

export const painted = (text: string, colour: Colour, { colour: paints }: Look): string =>
  paints && text !== '' ? `\u001b[${codes[colour]}m${text}\u001b[39m` : text;

/** Of text with colours. */
export const visibleWidth = (text: string): number =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are controls.
  text.replaceAll(/\u001b\[\d+m/g, '').length;
