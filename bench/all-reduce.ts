/**
 * `npm run --silent bench -- all-reduce --mib M --workers W`: the sum of one float32 vector over W
 * members, each a process of its own on this machine, over the links that training uses. Every
 * member has one lane. Each round starts with a small exchange, so that nobody is measured waiting
 * for another to start; a round takes as long as its slowest member. Then aborts: in each trial a
 * generation is linked, large all-reduces are begun, and one member drops the generation: how long until
 * all of its waits have ended.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { FromMember, ToMember } from './all-reduce-member.js';
import { median } from './median.js';

const usage = 'npm run bench -- all-reduce [--mib 64] [--workers 2] [--rounds 15] [--aborts 20]';

export async function benchAllReduce(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: {
      mib: { type: 'string', default: '64' },
      workers: { type: 'string', default: '2' },
      rounds: { type: 'string', default: '15' },
      aborts: { type: 'string', default: '20' },
    },
  });
  const mib = positive('mib', values.mib, Number.POSITIVE_INFINITY);
  const workers = positive('workers', values.workers, 64);
  const rounds = positive('rounds', values.rounds, 10_000);
  const aborts = positive('aborts', values.aborts, 10_000);
  const floats = Math.round((mib * 2 ** 20) / 4);
  const measured = await measure(workers, { floats, rounds, aborts });
  const seconds = median(measured.seconds);
  const bytes = floats * 4;
  console.log(
    JSON.stringify({
      seconds,
      bus_gb_per_s: (2 * (workers - 1) * bytes) / workers / seconds / 1e9,
      mib,
      workers,
      rounds,
      abort_ms: quantiles(measured.abortMillis),
    }),
  );
}

function quantiles(values: readonly number[]) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number): number | null => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
    return value === undefined ? null : Math.round(value * 100) / 100;
  };
  return { p50: at(0.5), p95: at(0.95), max: at(1), aborts: sorted.length };
}

/** Seconds of each round, of the slowest member; milliseconds of each abort. */
async function measure(
  workers: number,
  work: Pick<ToMember, 'floats' | 'rounds' | 'aborts'>,
): Promise<{ seconds: number[]; abortMillis: number[] }> {
  const file = fileURLToPath(new URL('./all-reduce-member.js', import.meta.url));
  const members = Array.from({ length: workers }, () => fork(file));
  try {
    const say = (rank: number, message: ToMember) => members[rank]?.send(message);
    const hear = (): Promise<FromMember[]> =>
      Promise.all(
        members.map(
          (member, rank) =>
            new Promise<FromMember>((resolve, reject) => {
              member.once('message', resolve);
              member.once('exit', (code) =>
                reject(new Error(`Cannot measure: member ${rank} ended with ${code}`)),
              );
            }),
        ),
      );
    const addresses = (await hear()).map((message) => (message as { address: string }).address);
    for (const rank of addresses.keys()) say(rank, { rank, addresses, ...work });
    const results = (await hear()) as Extract<FromMember, { seconds: unknown }>[];
    const seconds = Array.from({ length: work.rounds }, (_, round) =>
      Math.max(...results.map((result) => result.seconds[round] ?? 0)),
    );
    return { seconds, abortMillis: results.flatMap(({ abortMillis }) => [...abortMillis]) };
  } finally {
    for (const member of members) member.kill('SIGTERM');
  }
}

function positive(name: string, text: string, most: number): number {
  const value = Number(text);
  if (value > 0 && value <= most) return value;
  throw new RangeError(
    `Cannot run the benchmark: --${name} is ${JSON.stringify(text)}: should be a number in ` +
      `(0, ${most}]: ${usage}`,
  );
}
