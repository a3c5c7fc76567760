/**
 * The best square matrix product that the engine in use can do: the yardstick of the step's
 * operations, in the step's precision.
 */
import {
  engine,
  matMul,
  randomUniform,
  slice,
  type Tensor,
  type Tensor2D,
  tidy,
} from '@tensorflow/tfjs-core';
import { hasKernel } from '../worker/model/autodiff/has-kernel.js';
import type { Precision } from './step-options.js';

/** Large enough to leave the overhead of a call behind, small enough to fit caches in part. */
const sizes = [1024, 1536, 2048];

/** More repetitions find no better one on a quiet machine. */
const repetitions = 6;

/** Where one product takes longer than this, larger ones and repetitions say nothing new. */
const slowSeconds = 0.5;

/** Floating point operations a second. */
export function matmulRate(precision: Precision): number {
  let best = 0;
  for (const size of sizes) {
    const seconds = hasTimer() ? timedByEngine(size, precision) : fastestProduct(size);
    best = Math.max(best, (2 * size ** 3) / seconds);
    if (seconds > slowSeconds) break;
  }
  return best;
}

const timer = 'LockstepProductSeconds';

const hasTimer = (): boolean => hasKernel(timer);

function timedByEngine(size: number, precision: Precision): number {
  return scoped(() => {
    const seconds = engine().runKernel(timer, {}, { size, precision, repetitions }) as Tensor;
    return seconds.dataSync()[0] as number;
  });
}

/** tfjs-core can ask for float32 only, which is all that the engines without a timer have. */
function fastestProduct(size: number): number {
  return scoped(() => {
    const a = randomUniform([size, size], -1, 1) as Tensor2D;
    const b = randomUniform([size, size], -1, 1) as Tensor2D;
    let fastest = Number.POSITIVE_INFINITY;
    for (let at = 0; at < repetitions; at++) {
      const start = performance.now();
      // One number is read, so that an engine which only queues its work has to finish it.
      scoped(() => slice(matMul(a, b), [0, 0], [1, 1]).dataSync()[0] as number);
      const seconds = (performance.now() - start) / 1000;
      fastest = Math.min(fastest, seconds);
      if (seconds > slowSeconds) break;
    }
    return fastest;
  });
}

/** Frees the tensors that `work` makes; tfjs's own type wants tensors back. */
const scoped = (work: () => number): number => tidy(work as never) as unknown as number;
