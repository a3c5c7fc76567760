/**
 * How much of a step's wall time passes inside the engine: in kernels of the backend, in uploads,
 * downloads and frees, and in the arithmetic addon that stands beside it. The rest is the host's
 * share: the tape and bookkeeping of tfjs-core, lookups and gradients of the token table, packing.
 *
 * Every kernel function in tfjs-core's registry and every method of the backend that moves data is
 * replaced by one that reads the clock before and after, two readings of some 50 ns each. What a
 * kernel function does in JavaScript before it reaches native code (naming handles, translating
 * attributes) counts as the engine's, a few microseconds a call. On an engine that computes
 * asynchronously the waiting falls into the download that needs the result, so it counts too.
 * The kernels of `cpu` are JavaScript themselves: there the share is that of all that is not kernel.
 */
import { backend, getBackend, getKernelsForBackend } from '@tensorflow/tfjs-core';
import type { Arithmetic } from '../worker/arithmetic/arithmetic.js';

type Method = (...args: unknown[]) => unknown;

/** Methods of a backend that move data or free it. */
const dataMethods = ['write', 'move', 'readSync', 'readInto', 'disposeData'];

/** Vector loops of the addon. */
const arithmeticMethods = [
  'copy',
  'add',
  'sumOfSquares',
  'scale',
  'firstNonFinite',
  'adamw',
] as const satisfies readonly (keyof Arithmetic)[];

export class EngineClock {
  readonly #now: () => number;
  #depth = 0;
  #milliseconds = 0;

  /** @param now in milliseconds, monotonic. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Time inside since the clock was made. Calls within calls count once. */
  get seconds(): number {
    return this.#milliseconds / 1000;
  }

  /** Watches the backend in use, for the rest of the process. */
  watchBackend(): void {
    for (const kernel of getKernelsForBackend(getBackend())) {
      kernel.kernelFunc = this.timed(kernel.kernelFunc);
    }
    const methods = backend() as unknown as Record<string, Method>;
    for (const name of dataMethods) {
      const method = methods[name];
      if (method !== undefined) methods[name] = this.timed(method.bind(methods));
    }
  }

  /** The same arithmetic, watched. */
  watchArithmetic(arithmetic: Arithmetic): Arithmetic {
    const watched = arithmeticMethods.map((name) => [
      name,
      this.timed((arithmetic[name] as Method).bind(arithmetic)),
    ]);
    return { ...arithmetic, ...Object.fromEntries(watched) };
  }

  timed<Args extends unknown[], Result>(
    work: (...args: Args) => Result,
  ): (...args: Args) => Result {
    return (...args) => {
      if (this.#depth > 0) return work(...args);
      const start = this.#now();
      this.#depth++;
      try {
        return work(...args);
      } finally {
        this.#depth--;
        this.#milliseconds += this.#now() - start;
      }
    };
  }
}
