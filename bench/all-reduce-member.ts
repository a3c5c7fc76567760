/** One member of the all-reduce benchmark: a process with its own links thread. */
import { rank as asRank, generation, type Lane, step } from '../shared/ids.js';
import { evenShares } from '../shared/plan/lane-ownership.js';
import { millis } from '../shared/units.js';
import { openArithmetic } from '../worker/arithmetic/open-arithmetic.js';
import { startLinks } from '../worker/collective/links/links-host.js';
import { openExchange } from '../worker/collective/open-exchange.js';

export interface ToMember {
  readonly rank: number;
  readonly addresses: readonly string[];
  readonly floats: number;
  readonly rounds: number;
}

export type FromMember = { readonly address: string } | { readonly seconds: readonly number[] };

/** Rounds before the measured ones: the first touch of memory and the growth of TCP windows. */
const warmUp = 3;

const say = (message: FromMember) => process.send?.(message);

const links = await startLinks({ host: '127.0.0.1' });
process.once('message', (order: ToMember) => {
  run(order).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
say({ address: links.address });

async function run({ rank, addresses, floats, rounds }: ToMember): Promise<void> {
  const size = addresses.length;
  const arithmetic = openArithmetic();
  const port =
    size === 1
      ? null
      : await links.connect({
          rank: asRank(rank),
          addresses,
          generation: generation(0),
          deadline: millis(30_000),
        });
  const exchange = openExchange(port, {
    rank: asRank(rank),
    shares: evenShares(size, size),
    arithmetic,
  });
  const vector = shared(floats).fill(rank + 1);
  const ready = shared(size);
  const readyParts = Array.from({ length: size }, (_, r) => ready.subarray(r, r + 1));
  const slices = Array.from({ length: size }, (_, r) => ({
    start: Math.floor((r * floats) / size),
    end: Math.floor(((r + 1) * floats) / size),
  }));
  const contributions = new Map([[rank as Lane, vector]]);
  const seconds: number[] = [];
  for (let round = 0; round < warmUp + rounds; round++) {
    const tag = { step: step(round), phase: 'ready', part: 0 };
    await exchange.allGather(tag, readyParts);
    const start = performance.now();
    await exchange.allReduce({ ...tag, phase: 'sum' }, contributions, slices, vector);
    if (round >= warmUp) seconds.push((performance.now() - start) / 1000);
    if (round === 0) check(vector, (size * (size + 1)) / 2);
  }
  say({ seconds });
}

/** A benchmark of a wrong sum would be worth nothing. */
function check(vector: Float32Array, expected: number): void {
  const wrong = vector.findIndex((value) => value !== expected);
  if (wrong >= 0) throw new Error(`Float ${wrong} is ${vector[wrong]}: should be ${expected}`);
}

function shared(floats: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(floats * 4));
}
