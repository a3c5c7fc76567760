/** Cuts the visible text; colour codes take no room. Pure. */
export function cut(text: string, width: number): string {
  let room = width;
  let at = 0;
  while (at < text.length && room > 0) {
    const end = text[at] === '\u001b' ? text.indexOf('m', at) : -1;
    if (end >= 0) {
      at = end + 1;
    } else {
      at++;
      room--;
    }
  }
  return at >= text.length
    ? text
    : `${text.slice(0, at)}${text.includes('\u001b') ? '\u001b[39m' : ''}`;
}
