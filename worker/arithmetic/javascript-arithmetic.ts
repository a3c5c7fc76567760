import { sumBelow, topOf } from '../../shared/reduction/reduction-tree.js';
import { adamwScalars } from './adamw-scalars.js';
import type { AdamwUpdate, Arithmetic } from './arithmetic.js';
import { hash64 } from './javascript-hash.js';
import { requireSameLength } from './same-length.js';

const blockLength = 4096;
const accumulators = 16;
const { fround, sqrt } = Math;
/** To see the bits of a float. */
const word = new DataView(new ArrayBuffer(4));

/**
 * Works wherever Node does; some five times slower than the native one. A float32 operation is a
 * float64 operation rounded once more: for + - * / and sqrt that is the correctly rounded float32
 * result, because float64 has more than twice the digits (Figueroa 1995).
 */
export const javascriptArithmetic: Arithmetic = {
  name: 'javascript',

  copy(into, from) {
    requireSameLength('copy', { into, from });
    into.set(from);
  },

  add(into, other) {
    requireSameLength('add', { into, other });
    for (let i = 0; i < into.length; i++) {
      into[i] = (into[i] as number) + (other[i] as number);
    }
  },

  sumOfSquares(x) {
    const blocks = Math.ceil(x.length / blockLength);
    if (blocks === 0) return 0;
    return sumBelow(
      topOf(blocks),
      blocks,
      ({ level, index }) => (level === 0 ? blockSum(x, index * blockLength) : undefined),
      (left, right) => left + right,
    );
  },

  scale(x, factor) {
    const rounded = fround(factor);
    for (let i = 0; i < x.length; i++) x[i] = (x[i] as number) * rounded;
  },

  firstNonFinite(x) {
    for (let i = 0; i < x.length; i++) if (!Number.isFinite(x[i])) return i;
    return -1;
  },

  packBfloat16(into, from) {
    requireSameLength('pack', { into, from });
    for (let i = 0; i < into.length; i++) {
      word.setFloat32(0, from[i] as number);
      const bits = word.getUint32(0);
      const rounded = (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
      into[i] = Number.isNaN(from[i]) ? 0x7fc0 : rounded;
    }
  },

  unpackBfloat16(into, from) {
    requireSameLength('unpack', { into, from });
    for (let i = 0; i < into.length; i++) {
      word.setUint32(0, (from[i] as number) * 0x10000);
      into[i] = word.getFloat32(0);
    }
  },

  adamw(update: AdamwUpdate) {
    const { parameters, gradients, firstMoments, secondMoments } = update;
    requireSameLength('update', { parameters, gradients, firstMoments, secondMoments });
    const {
      gradientScale,
      decay,
      firstWeight,
      beta2,
      secondWeight,
      secondCorrection,
      eps,
      stepSize,
    } = adamwScalars(update);
    for (let i = 0; i < parameters.length; i++) {
      const g = fround((gradients[i] as number) * gradientScale);
      const m0 = firstMoments[i] as number;
      const m = fround(m0 + fround(firstWeight * fround(g - m0)));
      const decayed = fround((secondMoments[i] as number) * beta2);
      const v = fround(decayed + fround(fround(secondWeight * g) * g));
      const d = fround(fround(fround(sqrt(v)) / secondCorrection) + eps);
      const p = fround((parameters[i] as number) * decay);
      firstMoments[i] = m;
      secondMoments[i] = v;
      parameters[i] = p + fround(fround(stepSize * m) / d);
    }
  },

  hash64,
};

function blockSum(x: Float32Array, start: number): number {
  const sums = new Float64Array(accumulators);
  const end = Math.min(x.length, start + blockLength);
  for (let i = start; i < end; i++) {
    const value = x[i] as number;
    // The product of two float32 is exact in float64, so only the addition rounds.
    sums[i % accumulators] = (sums[i % accumulators] as number) + value * value;
  }
  for (let half = accumulators / 2; half >= 1; half /= 2) {
    for (let j = 0; j < half; j++) sums[j] = (sums[j] as number) + (sums[j + half] as number);
  }
  return sums[0] as number;
}
