import { visibleWidth } from './look.js';

/** As many of the parts on one line as there is room for, the first one always. Pure. */
export function fitting(
  [first = '', ...others]: readonly string[],
  columns: number,
  between = '  ',
): string {
  let line = first;
  for (const part of others) {
    if (visibleWidth(line) + between.length + visibleWidth(part) > columns) break;
    line += `${between}${part}`;
  }
  return line;
}
