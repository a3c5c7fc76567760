/** The words of `bench seeds`, as one complete type. */
import { parseArgs } from 'node:util';
import { seedsMax } from './interval.js';

export interface SeedsOptions {
  readonly seeds: readonly number[];
  /** Where each run gets a folder, `seed-N`. */
  readonly output: string;
  /** A job file, and options of `lockstep train`. */
  readonly words: readonly string[];
}

export const seedsUsage =
  'usage: bench seeds [--seeds 1,2,3] --output FOLDER -- JOB [options of lockstep train]';

/** @throws Error naming the option, its value and the rule. */
export function parseSeedsOptions(args: readonly string[]): SeedsOptions {
  const begin = args.indexOf('--');
  if (begin < 0 || begin === args.length - 1) throw new Error('a job must stand behind "--"');
  const { values } = parseArgs({
    args: args.slice(0, begin),
    options: { seeds: { type: 'string', default: '1,2,3' }, output: { type: 'string' } },
  });
  if (values.output === undefined) throw new Error('--output is missing');
  return { seeds: seedsOf(values.seeds), output: values.output, words: args.slice(begin + 1) };
}

function seedsOf(text: string): number[] {
  const seeds = text.split(',').map((word) => (/^\d{1,9}$/.test(word) ? Number(word) : Number.NaN));
  const isFine = seeds.length <= seedsMax && !seeds.includes(Number.NaN);
  if (isFine && new Set(seeds).size === seeds.length) return seeds;
  throw new Error(
    `--seeds must be 1 to ${seedsMax} different whole numbers, "1,2,3": current value is ${JSON.stringify(text)}`,
  );
}
