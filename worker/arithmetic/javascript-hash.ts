/**
 * XXH64 in numbers that JavaScript multiplies fast: each 64-bit number is two halves of 32 bits, kept
 * signed, which V8 does without an allocation. The result of an operation stands in `high` and `low`,
 * since a pair for each would be an object for each.
 * Names and constants are those of the specification; see `Arithmetic.hash64`.
 */
type Half = number;
type Long = readonly [high: Half, low: Half];

const prime1: Long = [0x9e3779b1, 0x85ebca87];
const prime2: Long = [0xc2b2ae3d, 0x27d4eb4f];
const prime3: Long = [0x165667b1, 0x9e3779f9];
const prime4: Long = [0x85ebca77, 0xc2b2ae63];
const prime5: Long = [0x27d4eb2f, 0x165667c5];
const stripe = 32;

let high: Half = 0;
let low: Half = 0;

function set(h: Half, l: Half): void {
  high = h | 0;
  low = l | 0;
}

function add(h: Half, l: Half): void {
  const before = low >>> 0;
  low = (low + l) | 0;
  high = (high + h + (low >>> 0 < before ? 1 : 0)) | 0;
}

function multiply([h, l]: Long): void {
  // The high half of low * l, in steps of 16 bits: their products and sums stay below 2^53.
  const a1 = low >>> 16;
  const a0 = low & 0xffff;
  const b1 = l >>> 16;
  const b0 = l & 0xffff;
  const middle = a1 * b0 + (Math.imul(a0, b0) >>> 16);
  const other = a0 * b1 + (middle & 0xffff);
  const carried = a1 * b1 + Math.floor(middle / 0x10000) + Math.floor(other / 0x10000);
  high = (carried + Math.imul(high, l) + Math.imul(low, h)) | 0;
  low = Math.imul(low, l);
}

/** @param count of bits, in (0, 32). */
function rotateLeft(count: number): void {
  const h = high;
  high = (h << count) | (low >>> (32 - count));
  low = (low << count) | (h >>> (32 - count));
}

function xor(h: Half, l: Half): void {
  high ^= h;
  low ^= l;
}

/** x ^= x >> count. @param count of bits, in (0, 64). */
function fold(count: number): void {
  if (count >= 32) xor(0, high >>> (count - 32));
  else xor(high >>> count, (low >>> count) | (high << (32 - count)));
}

/** The accumulator [h, l] with the word [wordHigh, wordLow] in it. */
function mix(h: Half, l: Half, wordHigh: Half, wordLow: Half): void {
  set(wordHigh, wordLow);
  multiply(prime2);
  add(h, l);
  rotateLeft(31);
  multiply(prime1);
}

export function hash64(bytes: Float32Array | Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.byteLength;
  const striped = length - (length % stripe);
  if (length < stripe) set(...prime5);
  else hashStripes(view, striped);
  add(Math.floor(length / 2 ** 32), length);
  hashRest(view, striped);
  fold(33);
  multiply(prime2);
  fold(29);
  multiply(prime3);
  fold(32);
  return hexadecimal(high) + hexadecimal(low);
}

const hexadecimal = (half: Half): string => (half >>> 0).toString(16).padStart(8, '0');

function hashStripes(view: DataView, end: number): void {
  const highs = new Int32Array(4);
  const lows = new Int32Array(4);
  const keep = (lane: number): void => {
    highs[lane] = high;
    lows[lane] = low;
  };
  set(...prime1);
  add(...prime2);
  keep(0);
  set(...prime2);
  keep(1);
  // 0 - prime1
  set(~prime1[0], ~prime1[1]);
  add(0, 1);
  keep(3);
  for (let at = 0; at < end; ) {
    for (let lane = 0; lane < 4; lane++, at += 8) {
      const word = view.getUint32(at, true);
      mix(highs[lane] as Half, lows[lane] as Half, view.getUint32(at + 4, true), word);
      keep(lane);
    }
  }
  converge(highs, lows);
}

function converge(highs: Int32Array, lows: Int32Array): void {
  let [h, l] = [0, 0];
  for (const [lane, count] of [1, 7, 12, 18].entries()) {
    set(highs[lane] as Half, lows[lane] as Half);
    rotateLeft(count);
    add(h, l);
    [h, l] = [high, low];
  }
  for (let lane = 0; lane < 4; lane++) {
    mix(0, 0, highs[lane] as Half, lows[lane] as Half);
    xor(h, l);
    multiply(prime1);
    add(...prime4);
    [h, l] = [high, low];
  }
}

/** What is left behind the stripes: words, half a word, single bytes. */
function hashRest(view: DataView, from: number): void {
  let at = from;
  for (; view.byteLength - at >= 8; at += 8) {
    const [h, l] = [high, low];
    mix(0, 0, view.getUint32(at + 4, true), view.getUint32(at, true));
    xor(h, l);
    rotateLeft(27);
    multiply(prime1);
    add(...prime4);
  }
  if (view.byteLength - at >= 4) {
    takeIn(view.getUint32(at, true), prime1, 23, prime2);
    add(...prime3);
    at += 4;
  }
  for (; at < view.byteLength; at++) takeIn(view.getUint8(at), prime5, 11, prime1);
}

/** x = rotateLeft(x ^ value * factor, count) * last */
function takeIn(value: Half, factor: Long, count: number, last: Long): void {
  const [h, l] = [high, low];
  set(0, value);
  multiply(factor);
  xor(h, l);
  rotateLeft(count);
  multiply(last);
}
