/** Runs the fuzzer on targets, in a thread that may be lost to an input. */
import { Worker } from 'node:worker_threads';
import { Random } from '../shared/random.js';
import type { FuzzThreadStart, Tried } from './fuzz-thread.js';
import { heapMebibytes, silenceLimit } from './limits.js';
import { inputOf } from './mutate.js';
import { problemText, type Target } from './target.js';

export interface Fuzzed {
  readonly target: string;
  /** How many were tried before one failed, or in all. */
  readonly inputs: number;
  /** Null where none failed. */
  readonly finding: { readonly text: string; readonly input: Uint8Array } | null;
}

export interface FuzzOptions {
  readonly seed: number;
  /** For each target. */
  readonly milliseconds: number;
  /** Exports `targets`, with those that are given among them. */
  readonly module?: string;
  /** Milliseconds of computing after which an input counts as endless. */
  readonly silence?: number;
  /** Of the thread's heap. */
  readonly mebibytes?: number;
}

const ownTargets = new URL('./targets/targets.js', import.meta.url).href;

/** What came of each target, in their order. */
export async function fuzz(given: readonly Target[], options: FuzzOptions): Promise<Fuzzed[]> {
  const results: Fuzzed[] = [];
  // A thread that is lost to an input is followed by one for the targets behind it.
  while (results.length < given.length) {
    results.push(...(await fuzzInThread(given.slice(results.length), options)));
  }
  return results;
}

async function fuzzInThread(given: readonly Target[], options: FuzzOptions): Promise<Fuzzed[]> {
  const { seed, milliseconds, module = ownTargets, silence = silenceLimit } = options;
  const at = new SharedArrayBuffer(8);
  new Int32Array(at).fill(notBegun);
  const names = given.map(({ name }) => name);
  const start: FuzzThreadStart = { module, names, seed, milliseconds, at };
  const thread = new Worker(new URL('./fuzz-thread.js', import.meta.url), {
    workerData: start,
    name: 'fuzz',
    resourceLimits: { maxOldGenerationSizeMb: options.mebibytes ?? heapMebibytes },
  });
  const results: Fuzzed[] = [];
  const place = () => [...new Int32Array(at)] as [index: number, number: number];
  thread.on('message', ({ inputs, failed }: Tried) => {
    const target = names[results.length] as string;
    const finding = failed && { text: problemText(failed.problem), input: failed.input };
    results.push({ target, inputs, finding });
  });
  const watch = watchSilence(place, silence);
  const lost = await Promise.race([
    new Promise<string | null>((resolve) => {
      thread.once('error', (error) => resolve(`it ends the thread: ${error.message}`));
      thread.once('exit', () => resolve(null));
    }),
    watch.silent.then(() => `it does not end within ${silence} ms of computing`),
  ]);
  watch.stop();
  await thread.terminate();
  const target = given[results.length];
  if (lost === null || target === undefined) return results;
  const [, number] = place();
  const input = inputOf(target, Random.for(seed, target.name, number));
  return [...results, { target: target.name, inputs: number, finding: { text: lost, input } }];
}

/** In both words before the first input. */
const notBegun = -1;

/** Looks at the input at hand so often while the silence lasts. */
const looks = 8;

/**
 * Resolves when the input at hand stays the same although this process computes: time in which the
 * machine gave it none does not count.
 */
function watchSilence(place: () => readonly number[], silence: number) {
  let stop: () => void = () => undefined;
  const silent = new Promise<void>((resolve) => {
    let known = '';
    let since = process.cpuUsage();
    const timer = setInterval(() => {
      const now = place().join();
      const { user, system } = process.cpuUsage(since);
      // To load the readers takes a while.
      if (now !== known || place().includes(notBegun)) {
        known = now;
        since = process.cpuUsage();
      } else if ((user + system) / 1000 > silence) resolve();
    }, silence / looks);
    stop = () => clearInterval(timer);
  });
  return { silent, stop };
}

export const findingText = ({ target, inputs, finding }: Fuzzed, seed: number): string =>
  finding === null
    ? `${target}: ${inputs} inputs`
    : `${target}: ${finding.text}\n  (seed ${seed}, input ${inputs}, ${finding.input.length} ` +
      `bytes, in base64)\n  ${Buffer.from(finding.input).toString('base64')}`;
