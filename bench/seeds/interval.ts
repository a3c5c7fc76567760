/** A mean of a few runs, and how far it may be off: Student's interval at 95 %. */

export interface Interval {
  readonly mean: number;
  /** Half the width; null of a single value, which says nothing about the others. */
  readonly half: number | null;
}

/** Two-sided 95 % quantiles of Student's t for 1, 2, ... degrees of freedom. */
const quantiles = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

/** Seeds that an interval can be given for: one more than degrees of freedom. */
export const seedsMax = quantiles.length + 1;

export function interval(values: readonly number[]): Interval {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count === 1) return { mean, half: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (count - 1));
  return { mean, half: ((quantiles[count - 2] as number) * deviation) / Math.sqrt(count) };
}
