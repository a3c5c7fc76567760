/** The words of `lockstep history`, as one complete type. */
import { parseArgs } from 'node:util';
import { UsageError } from '../usage-error.js';

export const historyFormats = ['csv', 'tensorboard'] as const;
export type HistoryFormat = (typeof historyFormats)[number];

export interface HistoryArguments {
  /** A run's folder, or its history. */
  readonly run: string;
  readonly format: HistoryFormat;
  /** A file for CSV, a folder for TensorBoard; null is standard output, which CSV alone may have. */
  readonly output: string | null;
  readonly json: boolean;
}

export const historyOptions = {
  format: { type: 'string' },
  output: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Null where help was asked for. @throws UsageError */
export function readHistoryArguments(words: readonly string[]): HistoryArguments | null {
  const { values, positionals } = parse(words);
  if (values.help === true) return null;
  const [run, ...others] = positionals;
  if (run === undefined || others.length > 0) {
    throw usage(`the RUN must be named, once: it got ${positionals.length} names`);
  }
  const format = historyFormats.find((known) => known === values.format);
  if (format === undefined) {
    const given = values.format === undefined ? 'it is missing' : `it is "${values.format}"`;
    throw usage(`--format must be one of ${historyFormats.join(', ')}: ${given}`);
  }
  const json = values.json === true;
  const output = values.output ?? null;
  if (output === null && format === 'tensorboard') {
    throw usage('--output must name the folder of the event file: it is missing');
  }
  if (output === null && json) {
    throw usage('--output must name a file with --json, which prints to standard output itself');
  }
  return { run, format, output, json };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: historyOptions,
      strict: true,
      allowPositionals: true,
    });
  } catch (cause) {
    throw usage((cause as Error).message, { cause });
  }
}

const usage = (why: string, options?: ErrorOptions): UsageError =>
  new UsageError(`Cannot run "lockstep history": ${why} (see "lockstep history --help")`, options);
