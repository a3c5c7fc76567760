/** How long to wait before the next try: twice as long each time, at random, so that many do not come at once. */
export interface BackoffLimits {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** @param failures in a row, from 1 on. @param random in [0, 1) */
export function backoff(
  failures: number,
  { firstMs, longestMs }: BackoffLimits,
  random: number,
): number {
  const whole = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return whole * (0.5 + random / 2);
}
