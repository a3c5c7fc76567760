import { parseArgs } from 'node:util';
import { membersMax } from '../../shared/limits.js';
import { type Millis, millis } from '../../shared/units.js';
import { integer } from '../arguments.js';
import { oneName } from '../one-name.js';
import { UsageError } from '../usage-error.js';
import { type ChaosIntervals, faults } from './plan-chaos.js';

export interface ChaosArguments {
  /** The job's file. */
  readonly subject: string;
  readonly overrides: readonly string[];
  readonly workers: number | null;
  readonly intervals: ChaosIntervals;
  readonly duration: Millis;
  readonly seed: number;
  readonly output: string | null;
  readonly json: boolean;
}

export const chaosOptions = {
  workers: { type: 'string' },
  kill: { type: 'string' },
  hang: { type: 'string' },
  coordinator: { type: 'string' },
  nats: { type: 'string' },
  duration: { type: 'string' },
  seed: { type: 'string' },
  set: { type: 'string', multiple: true },
  output: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** As the faults come without any option: often enough that five minutes see dozens. */
const usual: ChaosIntervals = {
  kill: millis(10_000),
  hang: millis(20_000),
  coordinator: millis(30_000),
  nats: millis(45_000),
};

const usualDuration = millis(300_000);

/**
 * Null where help was asked for.
 *
 * @throws UsageError
 */
export function readChaosArguments(words: readonly string[]): ChaosArguments | null {
  const { values, positionals } = parsed(words);
  if (values.help === true) return null;
  const given = faults.flatMap((fault) => {
    const text = values[fault];
    return text === undefined ? [] : [[fault, time(`--${fault}`, text)] as const];
  });
  return {
    subject: oneName('chaos', "the job's FILE", positionals),
    overrides: values.set ?? [],
    workers: integer('--workers', values.workers, 1, membersMax),
    intervals: given.length === 0 ? usual : Object.fromEntries(given),
    duration: values.duration === undefined ? usualDuration : time('--duration', values.duration),
    seed: integer('--seed', values.seed, 0, 2 ** 32 - 1) ?? 1,
    output: values.output ?? null,
    json: values.json === true,
  };
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `10s`, `1.5m`. */
function time(name: string, text: string): Millis {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const value = millis(Number(number) * (units[unit] ?? Number.NaN));
  if (value >= 100) return value;
  throw new UsageError(
    `${name} must be a time of at least 100 ms, such as 10s or 5m: current value is ${JSON.stringify(text)}`,
  );
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: chaosOptions,
      strict: true,
      allowPositionals: true,
    });
  } catch (cause) {
    const message = `${(cause as Error).message} (see "lockstep chaos --help")`;
    throw new UsageError(message, { cause });
  }
}
