import { parseArgs } from 'node:util';
import { integer } from '../arguments.js';
import { topMost } from '../trained-run/limits.js';
import { UsageError } from '../usage-error.js';

export interface SimilarArguments {
  readonly run: string;
  /** An id, or a part of a title. */
  readonly item: string;
  readonly checkpoint: string | null;
  readonly top: number;
  readonly json: boolean;
}

export const similarOptions = {
  top: { type: 'string' },
  checkpoint: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Null where help was asked for. @throws UsageError */
export function readSimilarArguments(words: readonly string[]): SimilarArguments | null {
  const { values, positionals } = parse(words);
  if (values.help === true) return null;
  const [run, item, ...others] = positionals;
  if (run === undefined || item === undefined || others.length > 0) {
    throw new UsageError(
      'Cannot run "lockstep similar": the FOLDER of a run and one ITEM must be named: it got ' +
        `${positionals.length} names (see "lockstep similar --help")`,
    );
  }
  return {
    run,
    item,
    checkpoint: values.checkpoint ?? null,
    top: integer('--top', values.top, 1, topMost) ?? 10,
    json: values.json === true,
  };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: similarOptions,
      strict: true,
      allowPositionals: true,
    });
  } catch (cause) {
    throw new UsageError(`${(cause as Error).message} (see "lockstep similar --help")`, { cause });
  }
}
