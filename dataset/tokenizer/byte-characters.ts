/** Bytes as byte-level tokenizers write them: printable Latin-1 as it is, the others from U+0100 on. */
export const byteCharacter: readonly string[] = (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return String.fromCharCode(printable ? byte : next++);
  });
})();

const encoder = new TextEncoder();

/** A text's UTF-8 bytes, a character each. */
export function byteCharacters(text: string): string {
  let result = '';
  for (const byte of encoder.encode(text)) result += byteCharacter[byte];
  return result;
}
