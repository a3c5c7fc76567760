/**
 * Tries inputs on targets, one after the other, each until its time is over or an input fails. It says in
 * shared memory which input it is at, so that one that never ends, or takes all memory, is known too.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Random } from '../shared/random.js';
import { check } from './check.js';
import { minimise } from './minimise.js';
import { inputOf } from './mutate.js';
import type { Problem, Target } from './target.js';

export interface FuzzThreadStart {
  /** The module whose `targets()` are tried. */
  readonly module: string;
  readonly names: readonly string[];
  readonly seed: number;
  /** For each target. */
  readonly milliseconds: number;
  /** Two words: the place of the target among the names, and the number of the input at hand. */
  readonly at: SharedArrayBuffer;
}

/** Of one target. */
export interface Tried {
  /** Inputs before the one that failed, or all. */
  readonly inputs: number;
  readonly failed: { readonly problem: Problem; readonly input: Uint8Array } | null;
}

const { module, names, seed, milliseconds, at } = workerData as FuzzThreadStart;
const words = new Int32Array(at);
const { targets } = (await import(module)) as { targets(): readonly Target[] };

names.forEach((name, index) => {
  const target = targets().find((known) => known.name === name);
  if (target === undefined) throw new RangeError(`Cannot fuzz "${name}": there is no such target`);
  Atomics.store(words, 0, index);
  parentPort?.postMessage(tried(target));
});

function tried(target: Target): Tried {
  const end = performance.now() + milliseconds;
  let number = 0;
  for (; performance.now() < end; number++) {
    Atomics.store(words, 1, number);
    const input = inputOf(target, Random.for(seed, target.name, number));
    const problem = check(target, input);
    if (problem === null) continue;
    const fails = (shorter: Uint8Array) => check(target, shorter)?.kind === problem.kind;
    const shortest = problem.kind === 'slow' ? input : minimise(input, fails);
    return {
      inputs: number,
      failed: { problem: check(target, shortest) ?? problem, input: shortest },
    };
  }
  return { inputs: number, failed: null };
}
