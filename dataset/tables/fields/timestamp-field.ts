/**
 * Reads the time of an interaction: a number in any unit, or a date of ISO 8601. Only the order
 * matters, so a number stays in its unit; a date without a zone is taken as UTC.
 */
import { parseNumber } from './number-field.js';

export type TimeKind = 'none' | 'number' | 'date';

/** One time; used again for the next row. */
export interface TimeField {
  kind: TimeKind;
  /** The number, or whole seconds since 1970. Beyond 2^53 it is rounded: see `isSafe`. */
  value: number;
  /** Of a date: the nanoseconds behind the seconds. */
  nanos: number;
}

export const newTimeField = (): TimeField => ({ kind: 'none', value: 0, nanos: 0 });

/** Years whose nanoseconds since 1970 are 64-bit integers. */
export const leastYear = 1678;
export const mostYear = 2261;

const zero = 0x30;
const dash = 0x2d;
const shortestDate = 10;
const longestDate = 64;
const longestInteger = 20;

const date =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d|60)(?:[.,](\d{1,30}))?)?(?: ?(Z|z|UTC|[+-]\d\d(?::?\d\d)?))?)?$/;

/** Reads bytes[start..end) into `into`; its kind is `none` where they are neither. */
export function readTime(bytes: Uint8Array, start: number, end: number, into: TimeField): void {
  into.nanos = 0;
  if (end - start >= shortestDate && bytes[start + 4] === dash && bytes[start + 7] === dash) {
    readDate(bytes, start, end, into);
    return;
  }
  into.value = parseNumber(bytes, start, end);
  into.kind =
    Number.isNaN(into.value) || isHugeInteger(bytes, start, end, into.value) ? 'none' : 'number';
}

/**
 * The integer in bytes[start..end) with all its digits, for values that a double would round; a
 * number that is written otherwise, such as 1.5e18, as its double.
 */
export function exactInteger(bytes: Uint8Array, start: number, end: number, value: number): bigint {
  return isInteger(bytes, start, end)
    ? BigInt(String.fromCharCode(...bytes.subarray(start, end)).replace('+', ''))
    : BigInt(value);
}

/** Whether a number has the form of an integer. */
function isInteger(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start];
  const from = first === dash || first === 0x2b ? start + 1 : start;
  for (let i = from; i < end; i++) if (bytes[i]! < zero || bytes[i]! > zero + 9) return false;
  return from < end;
}

/** An integer that is no 64-bit one would lose its order. */
function isHugeInteger(bytes: Uint8Array, start: number, end: number, value: number): boolean {
  if (Number.isSafeInteger(value) || !Number.isInteger(value)) return false;
  if (!isInteger(bytes, start, end)) return Math.abs(value) >= 2 ** 63;
  if (end - start > longestInteger) return true;
  const exact = exactInteger(bytes, start, end, value);
  return BigInt.asIntN(64, exact) !== exact;
}

function readDate(bytes: Uint8Array, start: number, end: number, into: TimeField): void {
  into.kind = 'none';
  if (end - start > longestDate) return;
  const parts = date.exec(String.fromCharCode(...bytes.subarray(start, end)));
  if (parts === null) return;
  const [year, month, day, hour, minute, second] = parts
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const zone = zoneSeconds(parts[8]);
  if (zone === null || hour! > 23 || minute! > 59 || year! < leastYear || year! > mostYear) return;
  const midnight = Date.UTC(year!, month! - 1, day!);
  // Date takes the 31st of February for the 3rd of March.
  const read = new Date(midnight);
  if (read.getUTCMonth() !== month! - 1 || read.getUTCDate() !== day!) return;
  into.kind = 'date';
  into.value = midnight / 1000 + hour! * 3600 + minute! * 60 + second! - zone;
  // What is finer than a nanosecond is cut.
  into.nanos = parts[7] === undefined ? 0 : Number(parts[7].slice(0, 9).padEnd(9, '0'));
}

/** Seconds east of UTC; null where there is no such zone. */
function zoneSeconds(zone: string | undefined): number | null {
  if (zone === undefined || !/^[+-]/.test(zone)) return 0;
  const digits = zone.replace(':', '').slice(1);
  const [hours, minutes] = [Number(digits.slice(0, 2)), Number(digits.slice(2) || 0)];
  if (hours > 23 || minutes > 59) return null;
  return (zone[0] === '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}
