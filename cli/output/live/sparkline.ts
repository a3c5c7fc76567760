/** Numbers as a line of characters, each as high as its number is among them. Pure. */

const blocks = [...'▁▂▃▄▅▆▇█'];
const ascii = [..."_.,-~'^"];

/**
 * The last `width` values between their least and their greatest.
 *
 * @param unicode else ASCII, which is coarser
 */
export function sparkline(values: readonly number[], width: number, unicode: boolean): string {
  const shown = width <= 0 ? [] : values.slice(-width);
  const finite = shown.filter(Number.isFinite);
  const [least, greatest] = [Math.min(...finite), Math.max(...finite)];
  const levels = unicode ? blocks : ascii;
  const top = levels.length - 1;
  return shown
    .map((value) => {
      // A loss that is no number any more must be seen, not drawn as a low one.
      if (!Number.isFinite(value)) return '!';
      const share = greatest > least ? (value - least) / (greatest - least) : 0.5;
      return levels[Math.round(share * top)];
    })
    .join('');
}
