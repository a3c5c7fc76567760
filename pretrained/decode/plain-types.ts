/** Numbers by themselves: float32, IEEE half precision, and the upper half of a float32. */
import type { Encoding } from './encoding.js';

export const f32: Encoding = {
  dtype: 'F32',
  elements: 1,
  bytes: 4,
  decode(bytes, into) {
    // Every machine that Node runs on is little-endian, as the files are.
    new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(
      bytes.subarray(0, into.byteLength),
    );
  },
};

export const f16: Encoding = {
  dtype: 'F16',
  elements: 1,
  bytes: 2,
  decode(bytes, into) {
    for (let at = 0; at < into.length; at++) into[at] = halfAt(bytes, 2 * at);
  },
};

export const bf16: Encoding = {
  dtype: 'BF16',
  elements: 1,
  bytes: 2,
  decode(bytes, into) {
    const bits = new Uint32Array(into.buffer, into.byteOffset, into.length);
    for (let at = 0; at < bits.length; at++) {
      bits[at] = ((bytes[2 * at]! | (bytes[2 * at + 1]! << 8)) << 16) >>> 0;
    }
  },
};

/** The half-precision number whose bytes begin at `at`. */
export const halfAt = (bytes: Uint8Array, at: number): number =>
  halves[bytes[at]! | (bytes[at + 1]! << 8)]!;

/** By their bits. */
const halves = Float32Array.from({ length: 2 ** 16 }, (_, bits) => halfOf(bits));

function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
