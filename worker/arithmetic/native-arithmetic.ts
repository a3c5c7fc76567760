import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../shared/project-root.js';
import { adamwScalars } from './adamw-scalars.js';
import type { AdamwUpdate, Arithmetic } from './arithmetic.js';
import { requireSameLength } from './same-length.js';

/** The functions of native/addon.cc, in its order. */
interface Addon {
  copy(into: Float32Array | Uint8Array, from: Float32Array | Uint8Array): void;
  add(into: Float32Array, other: Float32Array): void;
  sumOfSquares(x: Float32Array): number;
  scale(x: Float32Array, factor: number): void;
  firstNonFinite(x: Float32Array): number;
  packBfloat16(into: Uint16Array, from: Float32Array): void;
  unpackBfloat16(into: Float32Array, from: Uint16Array): void;
  adamw(
    parameters: Float32Array,
    gradients: Float32Array,
    firstMoments: Float32Array,
    secondMoments: Float32Array,
    gradientScale: number,
    decay: number,
    firstWeight: number,
    beta2: number,
    secondWeight: number,
    secondCorrection: number,
    eps: number,
    stepSize: number,
  ): void;
  hash64(bytes: Float32Array | Uint8Array): string;
}

const file = fileURLToPath(new URL('build/native/lockstep_arithmetic.node', projectRoot));

/**
 * The addon, or null where it has not been built.
 *
 * @throws Error of Node's loader where it was built for another machine.
 */
export function loadNativeArithmetic(): Arithmetic | null {
  if (!existsSync(file)) return null;
  const addon = createRequire(import.meta.url)(file) as Addon;
  return {
    name: 'native',
    copy(into, from) {
      requireSameLength('copy', { into, from });
      addon.copy(into, from);
    },
    add(into, other) {
      requireSameLength('add', { into, other });
      addon.add(into, other);
    },
    sumOfSquares: (x) => addon.sumOfSquares(x),
    scale: (x, factor) => addon.scale(x, factor),
    firstNonFinite: (x) => addon.firstNonFinite(x),
    packBfloat16(into, from) {
      requireSameLength('pack', { into, from });
      addon.packBfloat16(into, from);
    },
    unpackBfloat16(into, from) {
      requireSameLength('unpack', { into, from });
      addon.unpackBfloat16(into, from);
    },
    adamw(update: AdamwUpdate) {
      const { parameters, gradients, firstMoments, secondMoments } = update;
      requireSameLength('update', { parameters, gradients, firstMoments, secondMoments });
      const s = adamwScalars(update);
      addon.adamw(
        parameters,
        gradients,
        firstMoments,
        secondMoments,
        s.gradientScale,
        s.decay,
        s.firstWeight,
        s.beta2,
        s.secondWeight,
        s.secondCorrection,
        s.eps,
        s.stepSize,
      );
    },
    hash64: (bytes) => addon.hash64(bytes),
  };
}
