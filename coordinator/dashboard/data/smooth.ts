/**
 * Exponential moving average without the pull of a first value: with weight `s`, each point is the mean
 * of all before it, weighed down by `s` for each step between; null stays null.
 *
 * @param weight in [0, 1): 0 changes nothing
 */
export function smooth(values: readonly (number | null)[], weight: number): (number | null)[] {
  if (weight <= 0) return [...values];
  let sum = 0;
  let total = 0;
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return value;
    sum = sum * weight + value;
    total = total * weight + 1;
    return sum / total;
  });
}
