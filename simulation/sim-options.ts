/** The command line of `npm run sim`. */
import { parseArgs } from 'node:util';
import { type Fault, parseSchedule } from './schedule/fault.js';

export interface SimOptions {
  readonly from: number;
  readonly seeds: number;
  /** Of the one seed that is run; null: those that are drawn. */
  readonly faults: readonly Fault[] | null;
  readonly trace: boolean;
  readonly shrink: boolean;
  /** Whether a failing seed is written into failed-seeds.json. */
  readonly store: boolean;
}

/** The command line makes no sense. */
export class SimOptionsError extends Error {
  override readonly name = 'SimOptionsError';
  readonly code = 'USAGE';
}

export const usage = `Usage: npm run sim -- [options]

  --seeds N        how many seeds (default 1000)
  --from S         the first of them (default 1)
  --seed K         this one seed
  --schedule TEXT  instead of what the seed draws: "1200 kill worker-1; 1900 start worker-1"
  --trace          prints everything that happens in the seed
  --shrink         makes the schedule of each failing seed small
  --no-store       does not write failing seeds into simulation/failed-seeds.json
`;

/** @throws SimOptionsError */
export function readOptions(words: readonly string[]): SimOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      seeds: { type: 'string' },
      from: { type: 'string' },
      seed: { type: 'string' },
      schedule: { type: 'string' },
      trace: { type: 'boolean', default: false },
      shrink: { type: 'boolean', default: false },
      'no-store': { type: 'boolean', default: false },
    },
  });
  const { seed, schedule, trace, shrink } = values;
  if (seed === undefined && (trace || schedule !== undefined)) {
    throw new SimOptionsError('Cannot simulate: --trace and --schedule are of one --seed K');
  }
  return {
    from: count('from', seed ?? values.from ?? '1'),
    seeds: seed === undefined ? count('seeds', values.seeds ?? '1000') : 1,
    faults: schedule === undefined ? null : parseSchedule(schedule),
    trace,
    shrink,
    store: !values['no-store'] && schedule === undefined,
  };
}

function count(option: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new SimOptionsError(
    `Cannot simulate: --${option} is ${JSON.stringify(text)}: it must be a whole number from 0`,
  );
}
