/** The words of `run.sh`, as one complete type. */
import { parseArgs } from 'node:util';

export interface ReportOptions {
  /** The report's folder. */
  readonly out: string;
  /** Fewer steps and turns, no large model. */
  readonly short: boolean;
  /** Of the whole run: what no longer fits is left out. */
  readonly minutes: number;
  /** Parts whose name has one of these in it; all where there is none. Builds are always made. */
  readonly only: readonly string[];
}

export const reportUsage =
  'usage: ./run.sh [OUT] [--short] [--minutes 9.5] [--only PART_OF_A_NAME ...]';

/** @throws Error naming the option, its value and the rule. */
export function parseReportOptions(args: readonly string[]): ReportOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      short: { type: 'boolean', default: false },
      minutes: { type: 'string', default: '9.5' },
      only: { type: 'string', multiple: true, default: [] },
    },
  });
  const [out = 'report', ...rest] = positionals;
  if (rest.length > 0) throw new Error(`one folder is enough: also given is "${rest.join(' ')}"`);
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) {
    throw new Error(`--minutes must be a number above 0: current value is "${values.minutes}"`);
  }
  return { out, short: values.short, minutes, only: values.only };
}
