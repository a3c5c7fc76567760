/**
 * The quantised types of GGUF: blocks of small integers with a scale each, and in some a minimum.
 * Sources: `ggml-common.h` (layout) and `ggml-quants.c` (`dequantize_row_*`) of github.com/ggml-org/ggml.
 * The products of a scale with its integers are exact in the double precision of JavaScript, so that
 * each number is rounded once, as in float32 code.
 */
import type { Encoding } from './encoding.js';
import { halfAt } from './plain-types.js';

type DecodeBlock = (bytes: Uint8Array, at: number, into: Float32Array, to: number) => void;

function blocks(dtype: string, elements: number, bytes: number, block: DecodeBlock): Encoding {
  return {
    dtype,
    elements,
    bytes,
    decode(source, into) {
      const count = into.length / elements;
      for (let index = 0; index < count; index++) {
        block(source, index * bytes, into, index * elements);
      }
    },
  };
}

/** 32 numbers: a half-precision scale, then 16 bytes of two numbers, each 0 to 15, less 8. */
export const q4_0 = blocks('Q4_0', 32, 18, (bytes, at, into, to) => {
  const scale = halfAt(bytes, at);
  for (let j = 0; j < 16; j++) {
    const pair = bytes[at + 2 + j]!;
    into[to + j] = ((pair & 0xf) - 8) * scale;
    into[to + 16 + j] = ((pair >> 4) - 8) * scale;
  }
});

/** 32 numbers: scale and minimum, then 16 bytes of two numbers. */
export const q4_1 = blocks('Q4_1', 32, 20, (bytes, at, into, to) => {
  const scale = halfAt(bytes, at);
  const least = halfAt(bytes, at + 2);
  for (let j = 0; j < 16; j++) {
    const pair = bytes[at + 4 + j]!;
    into[to + j] = (pair & 0xf) * scale + least;
    into[to + 16 + j] = (pair >> 4) * scale + least;
  }
});

/** 32 numbers: a scale, then 32 signed bytes. */
export const q8_0 = blocks('Q8_0', 32, 34, (bytes, at, into, to) => {
  const scale = halfAt(bytes, at);
  for (let j = 0; j < 32; j++) into[to + j] = signed(bytes[at + 2 + j]!) * scale;
});

/**
 * 256 numbers in eight parts of 32: a scale of scales and one of minima, both of six bits for each
 * part in 12 bytes, then 128 bytes of two numbers.
 */
export const q4_k = blocks('Q4_K', 256, 144, (bytes, at, into, to) => {
  const scales = halfAt(bytes, at);
  const minima = halfAt(bytes, at + 2);
  for (let part = 0; part < 8; part++) {
    const [ofScale, ofMinimum] = sixBits(bytes, at + 4, part);
    const scale = scales * ofScale;
    const least = minima * ofMinimum;
    // Two parts share 32 bytes: one has the low halves, the next the high ones.
    const from = at + 16 + (part >> 1) * 32;
    const shift = (part & 1) * 4;
    for (let j = 0; j < 32; j++) {
      into[to + part * 32 + j] = scale * ((bytes[from + j]! >> shift) & 0xf) - least;
    }
  }
});

/** Scale and minimum of a part: the last four parts have their upper two bits beside the first four. */
function sixBits(bytes: Uint8Array, at: number, part: number): readonly [number, number] {
  const low = bytes[at + part]!;
  const middle = bytes[at + part + 4]!;
  if (part < 4) return [low & 63, middle & 63];
  const high = bytes[at + part - 4]!;
  return [(middle & 0xf) | ((high >> 6) << 4), (middle >> 4) | ((low >> 6) << 4)];
}

/** 256 numbers of six bits, less 32: low four bits, upper two bits, a signed scale for each 16, a scale of scales. */
export const q6_k = blocks('Q6_K', 256, 210, (bytes, at, into, to) => {
  const scales = halfAt(bytes, at + 208);
  for (let half = 0; half < 2; half++) {
    const lows = at + half * 64;
    const highs = at + 128 + half * 32;
    const parts = at + 192 + half * 8;
    for (let j = 0; j < 32; j++) {
      const high = bytes[highs + j]!;
      for (let quarter = 0; quarter < 4; quarter++) {
        const low = bytes[lows + j + (quarter & 1) * 32]! >> ((quarter >> 1) * 4);
        const value = ((low & 0xf) | (((high >> (2 * quarter)) & 3) << 4)) - 32;
        const part = signed(bytes[parts + (j >> 4) + 2 * quarter]!);
        into[to + half * 128 + quarter * 32 + j] = scales * part * value;
      }
    }
  }
});

const signed = (byte: number): number => (byte << 24) >> 24;
