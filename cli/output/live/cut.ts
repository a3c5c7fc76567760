/** Cuts the visible text; colour codes take no room. Pure. */
export function cut(text: string, width: number): string {
  let room = width;
  let at = 0;
  while (at < text.length && room > 0) {
    if (text[at] === '\u001b') {
      at = text.indexOf('m', at) + 1;
    } else {
      at++;
      room--;
    }
  }
  return at >= text.length
    ? text
    : `${text.slice(0, at)}${text.includes('\u001b') ? '\u001b[39m' : ''}`;
}
