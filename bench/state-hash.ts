/**
 * What the hash of the state costs: `bench state-hash [--parameters N]...`. Of each size, the part of a
 * step and the whole of a checkpoint; and what a step spends on the digests of its lanes. A line of JSON
 * each.
 */
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { step } from '../shared/ids.js';
import { usersDigest } from '../shared/ledger/lane-users.js';
import { openArithmetic } from '../worker/arithmetic/open-arithmetic.js';
import { hashedBytes, hashedPart, hashState } from '../worker/state/state-hash.js';
import { median } from './median.js';

/** The models of examples/movielens-quick.yaml and of SmolLM2-135M. */
const usual = ['372744', '135000000'];
const rounds = 15;

export async function benchStateHash(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { parameters: { type: 'string', multiple: true, default: usual } },
  });
  const arithmetic = openArithmetic();
  for (const given of values.parameters) {
    const floats = Number(given);
    const vector = (): Float32Array =>
      new Float32Array(new SharedArrayBuffer(floats * 4)).fill(0.5);
    const state = { parameters: vector(), firstMoments: vector(), secondMoments: vector() };
    const bytes = hashedBytes(state);
    const part = hashedPart(step(0), bytes);
    const line = {
      parameters: floats,
      state_bytes: bytes,
      part_bytes: part.end - part.begin,
      // The next part each time, as in training: none of it is in the cache.
      part_ms: timed((at) => hashState(arithmetic, state, hashedPart(step(at), bytes))),
      whole_ms: timed(() => hashState(arithmetic, state, { begin: 0, end: bytes })),
    };
    console.log(JSON.stringify(line));
  }
  const users = Int32Array.from({ length: 64 }, (_, user) => user);
  const lane_digest_ms = timed(() => usersDigest(users));
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} threads`;
  console.log(JSON.stringify({ arithmetic: arithmetic.name, lane_digest_ms, machine }));
}

/** Milliseconds; the median. */
function timed(work: (round: number) => unknown): number {
  const times = Array.from({ length: rounds }, (_, round) => {
    const started = performance.now();
    work(round);
    return performance.now() - started;
  });
  return Number(median(times).toFixed(4));
}
