/** The words of `lockstep bench`, as one complete type. */
import { parseArgs } from 'node:util';
import { UsageError } from '../usage-error.js';

export interface BenchArguments {
  /** A built-in batch's name, or the path of one without its endings. */
  readonly batch: string;
  /** Empty: all that a step does not take minutes on. */
  readonly engines: readonly string[];
  readonly threads: number;
  readonly steps: number;
  readonly json: boolean;
}

export const benchOptions = {
  engine: { type: 'string', multiple: true },
  threads: { type: 'string', default: '2' },
  steps: { type: 'string', default: '3' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
} as const;

/**
 * Null where help was asked for.
 *
 * @throws UsageError
 */
export function readBenchArguments(words: readonly string[]): BenchArguments | null {
  const { values, positionals } = parse(words);
  if (values.help === true) return null;
  if (positionals.length > 1) {
    throw new UsageError(
      `Cannot run "lockstep bench": it takes one BATCH: it got ${positionals.length} ` +
        '(see "lockstep bench --help")',
    );
  }
  return {
    batch: positionals[0] ?? 'small-longtail',
    engines: values.engine ?? [],
    threads: positiveInteger('--threads', values.threads),
    steps: positiveInteger('--steps', values.steps),
    json: values.json,
  };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: benchOptions,
      strict: true,
      allowPositionals: true,
    });
  } catch (cause) {
    throw new UsageError(`${(cause as Error).message} (see "lockstep bench --help")`, { cause });
  }
}

function positiveInteger(name: string, value: string): number {
  if (/^[1-9]\d{0,5}$/.test(value)) return Number(value);
  throw new UsageError(
    `${name} must be an integer in [1, 999999]: current value is ${JSON.stringify(value)}`,
  );
}
