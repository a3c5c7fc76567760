/**
 * Finds the top-level fields of a JSON object in a line's bytes, without making values of them.
 */

/** Where a value stands; what it takes to make text of it. */
export interface Field {
  readonly start: number;
  readonly end: number;
  /**
   * `literal`: its bytes are its text (a string's lie between its quotes); `escaped` and `nested`:
   * JSON that has to be parsed; `nothing`: null.
   */
  readonly kind: 'literal' | 'escaped' | 'nested' | 'nothing';
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Deeper nesting is no data, and could exhaust the stack of whoever reads the value. */
const deepest = 64;

/** What stands for no value: null, and NaN as Python writes it. */
const nothing = new Set(['null', 'NaN']);
const scalar = /^(?:true|false|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;
const longestScalar = 400;

/**
 * Calls `visit` for every field of the object in bytes[start..end), with where its key stands.
 *
 * @returns whether there is one whole object and nothing else
 */
export function scanObject(
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: (key: Field, field: Field) => void,
): boolean {
  let at = skipSpace(bytes, start, end);
  if (bytes[at] !== 0x7b || at >= end) return false;
  at = skipSpace(bytes, at + 1, end);
  if (bytes[at] === 0x7d && at < end) return skipSpace(bytes, at + 1, end) === end;
  for (;;) {
    const key = readString(bytes, at, end);
    if (key === null) return false;
    at = skipSpace(bytes, key.next, end);
    if (bytes[at] !== 0x3a || at >= end) return false;
    const value = readValue(bytes, skipSpace(bytes, at + 1, end), end);
    if (value === null) return false;
    visit(key.field, value.field);
    at = skipSpace(bytes, value.next, end);
    if (at >= end) return false;
    if (bytes[at] === 0x7d) return skipSpace(bytes, at + 1, end) === end;
    if (bytes[at] !== 0x2c) return false;
    at = skipSpace(bytes, at + 1, end);
  }
}

/** The text of a key; null where its escapes are damaged. */
export function keyText(bytes: Uint8Array, { start, end, kind }: Field): string | null {
  if (kind === 'literal') return Buffer.from(bytes.subarray(start, end)).toString('utf8');
  try {
    return JSON.parse(Buffer.from(bytes.subarray(start, end)).toString('utf8')) as string;
  } catch {
    return null;
  }
}

interface Value {
  readonly field: Field;
  readonly next: number;
}

function readValue(bytes: Uint8Array, start: number, end: number): Value | null {
  const first = bytes[start];
  if (start >= end) return null;
  if (first === QUOTE) return readString(bytes, start, end);
  if (first === 0x7b || first === 0x5b) {
    const next = skipNested(bytes, start, end);
    return next < 0 ? null : { field: { start, end: next, kind: 'nested' }, next };
  }
  return readScalar(bytes, start, end);
}

/** A string at `start`: between its quotes, or with them where it holds escapes. */
function readString(bytes: Uint8Array, start: number, end: number): Value | null {
  if (start >= end || bytes[start] !== QUOTE) return null;
  let escaped = false;
  for (let at = start + 1; at < end; at++) {
    if (bytes[at] === BACKSLASH) {
      escaped = true;
      at++;
    } else if (bytes[at] === QUOTE) {
      const next = at + 1;
      return escaped
        ? { field: { start, end: next, kind: 'escaped' }, next }
        : { field: { start: start + 1, end: at, kind: 'literal' }, next };
    }
  }
  return null;
}

function readScalar(bytes: Uint8Array, start: number, end: number): Value | null {
  let at = start;
  // Up to a comma, a closing bracket or white space.
  while (at < end && bytes[at] !== 0x2c && bytes[at] !== 0x7d && bytes[at]! > 0x20) at++;
  const length = at - start;
  if (length > longestScalar) return null;
  if (isDigits(bytes, start, at)) {
    if (length > 1 && bytes[start] === 0x30) return null;
    return { field: { start, end: at, kind: 'literal' }, next: at };
  }
  const text = String.fromCharCode(...bytes.subarray(start, at));
  if (nothing.has(text)) return { field: { start, end: at, kind: 'nothing' }, next: at };
  return scalar.test(text) ? { field: { start, end: at, kind: 'literal' }, next: at } : null;
}

/** Most numbers are; they need no string to be told. */
function isDigits(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i]! < 0x30 || bytes[i]! > 0x39) return false;
  return end > start;
}

/** Behind the list or object at `start`, or -1; its brackets are counted, its strings skipped. */
function skipNested(bytes: Uint8Array, start: number, end: number): number {
  let depth = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      const text = readString(bytes, at, end);
      if (text === null) return -1;
      at = text.next - 1;
    } else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > deepest) return -1;
    } else if ((byte === 0x7d || byte === 0x5d) && --depth === 0) {
      return at + 1;
    }
  }
  return -1;
}

function skipSpace(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === 0x20 || (bytes[at]! >= 0x09 && bytes[at]! <= 0x0d))) at++;
  return at;
}
