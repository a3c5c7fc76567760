/** Times of Parquet files as ISO 8601 text with every digit that they have. */
const nanosPerMilli = 1_000_000n;

/** @param unit nanoseconds that the value counts in */
export function instantText(value: bigint | undefined | null, unit: bigint): string | undefined {
  if (value === undefined || value === null) return undefined;
  const nanos = BigInt(value) * unit;
  let rest = nanos % nanosPerMilli;
  if (rest < 0n) rest += nanosPerMilli;
  const text = isoText(Number((nanos - rest) / nanosPerMilli));
  if (text === null || rest === 0n) return text ?? `${value}`;
  return `${text.slice(0, -1)}${String(rest).padStart(6, '0')}Z`;
}

export function dateText(days: number | undefined | null): string | undefined {
  if (days === undefined || days === null) return undefined;
  return isoText(days * 86_400_000)?.slice(0, 10) ?? `${days}`;
}

/** Null beyond what a Date can hold. */
function isoText(millis: number): string | null {
  const date = new Date(millis);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
