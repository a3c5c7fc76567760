/** The middle value; of an even number of values the higher middle one, as the peers take it. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new RangeError('Cannot take the median: there are no values');
  return middle;
}
