/** Reads numbers out of fields without making strings of them. */
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const longestText = 64;

/**
 * The decimal number in bytes[start..end), or NaN where there is none: empty, `nan`, `inf`, hex,
 * digits with separators or white space, a value beyond a double.
 */
export function parseNumber(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  // Up to 15 digits are exact in a double, and nearly every timestamp has no more.
  if (length >= 1 && length <= 15) {
    let value = 0;
    let index = start;
    for (; index < end; index++) {
      const digit = bytes[index]! - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (index === end) return value;
  }
  if (length === 0 || length > longestText) return Number.NaN;
  const text = String.fromCharCode(...bytes.subarray(start, end));
  const value = decimal.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : Number.NaN;
}
