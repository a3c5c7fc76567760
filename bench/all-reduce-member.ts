/** One member of the all-reduce benchmark: a process with its own links thread. */
import { setTimeout as delay } from 'node:timers/promises';
import { rank as asRank, generation, type Lane, step } from '../shared/ids.js';
import { evenShares } from '../shared/plan/lane-ownership.js';
import { millis } from '../shared/units.js';
import type { Arithmetic } from '../worker/arithmetic/arithmetic.js';
import { openArithmetic } from '../worker/arithmetic/open-arithmetic.js';
import { startLinks } from '../worker/collective/links/links-host.js';
import { openExchange } from '../worker/collective/open-exchange.js';

export interface ToMember {
  readonly rank: number;
  readonly addresses: readonly string[];
  readonly floats: number;
  readonly rounds: number;
  readonly aborts: number;
}

export type FromMember =
  | { readonly address: string }
  | { readonly seconds: readonly number[]; readonly abortMillis: readonly number[] };

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

async function run(order: ToMember): Promise<void> {
  const { rank, addresses, floats, rounds } = order;
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
  const slices = slicesOf(floats, size);
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
  exchange.close();
  const abortMillis = size === 1 ? [] : await abortAgainAndAgain(order, arithmetic);
  say({ seconds, abortMillis });
}

/** All-reduces under way when a generation is dropped: more than one, so that one is certainly adding. */
const underWay = 2;

/** Milliseconds from the drop of a generation to the end of its last wait, where this member drops it. */
async function abortAgainAndAgain(
  { rank, addresses, floats, aborts }: ToMember,
  arithmetic: Arithmetic,
): Promise<number[]> {
  const vectors = Array.from({ length: underWay }, () => shared(floats).fill(1));
  const measured: number[] = [];
  for (let trial = 1; trial <= aborts; trial++) {
    const size = addresses.length;
    const request = { rank: asRank(rank), addresses, deadline: millis(30_000) };
    const port = await links.connect({ ...request, generation: generation(trial) });
    const shares = evenShares(size, size);
    const exchange = openExchange(port, { rank: asRank(rank), shares, arithmetic });
    const ready = Array.from({ length: size }, () => shared(1));
    await exchange.allGather({ step: step(0), phase: 'ready', part: 0 }, ready);
    const waits = vectors.map((vector, part) =>
      exchange
        .allReduce(
          { step: step(0), phase: 'sum', part },
          new Map([[rank as Lane, vector]]),
          slicesOf(floats, size),
          vector,
        )
        .then(
          () => false,
          () => true,
        ),
    );
    // One member after the other, somewhere between the first frames and the last.
    const dropsIt = trial % size === rank;
    if (dropsIt) await delay(2 + ((trial * 7) % 40));
    else await Promise.all(waits);
    const start = performance.now();
    links.drop(generation(trial), 'the benchmark aborts it');
    const aborted = await Promise.all(waits);
    if (dropsIt && aborted.includes(true)) measured.push(performance.now() - start);
    exchange.close();
  }
  return measured;
}

const slicesOf = (floats: number, size: number): { start: number; end: number }[] =>
  Array.from({ length: size }, (_, r) => ({
    start: Math.floor((r * floats) / size),
    end: Math.floor(((r + 1) * floats) / size),
  }));

/** A benchmark of a wrong sum would be worth nothing. */
function check(vector: Float32Array, expected: number): void {
  const wrong = vector.findIndex((value) => value !== expected);
  if (wrong >= 0) throw new Error(`Float ${wrong} is ${vector[wrong]}: should be ${expected}`);
}

function shared(floats: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(floats * 4));
}
