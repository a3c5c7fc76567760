/** ggml's list of types by number, and which of them are decoded. */
import { q4_0, q4_1, q4_k, q6_k, q8_0 } from '../decode/block-types.js';
import type { Encoding } from '../decode/encoding.js';
import { bf16, f16, f32 } from '../decode/plain-types.js';
import { UnsupportedError } from '../pretrained-error.js';

const decoded: Readonly<Record<number, Encoding>> = {
  0: f32,
  1: f16,
  2: q4_0,
  3: q4_1,
  8: q8_0,
  12: q4_k,
  14: q6_k,
  30: bf16,
};

/** Names for messages only. */
const others: Readonly<Record<number, string>> = {
  6: 'Q5_0',
  7: 'Q5_1',
  9: 'Q8_1',
  10: 'Q2_K',
  11: 'Q3_K',
  13: 'Q5_K',
  15: 'Q8_K',
  16: 'IQ2_XXS',
  17: 'IQ2_XS',
  18: 'IQ3_XXS',
  19: 'IQ1_S',
  20: 'IQ4_NL',
  21: 'IQ3_S',
  22: 'IQ2_S',
  23: 'IQ4_XS',
  24: 'I8',
  25: 'I16',
  26: 'I32',
  27: 'I64',
  28: 'F64',
  29: 'IQ1_M',
  34: 'TQ1_0',
  35: 'TQ2_0',
  39: 'MXFP4',
};

/** @throws UnsupportedError */
export function encodingOf(tensor: string, type: number): Encoding {
  const found = decoded[type];
  if (found !== undefined) return found;
  const known = Object.values(decoded).map(({ dtype }) => dtype);
  throw new UnsupportedError(
    `its tensor "${tensor}" is of the type ${others[type] ?? type}: it must be one of ${known.join(', ')}`,
  );
}
