/** Command-line options of the long-lived processes: read once, complete afterwards. */
import { parseArgs } from 'node:util';
import type { RunId } from '../shared/ids.js';
import { readRunId } from '../shared/run/run-id.js';

/** An option is missing or cannot be used. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
  readonly code = 'OPTION';
}

export interface OptionReader {
  text(name: string): string;
  optional(name: string): string | null;
  integer(name: string, lowest: number, highest: number, otherwise?: number): number;
  flag(name: string): boolean;
}

/** @throws OptionError */
export function readOptions(
  words: readonly string[],
  names: readonly string[],
  flags: readonly string[] = [],
): OptionReader {
  const values = parsed(words, names, flags);
  const optional = (name: string): string | null => {
    const value = values[name];
    return typeof value === 'string' ? value : null;
  };
  return {
    optional,
    text(name) {
      const value = optional(name);
      if (value === null || value === '')
        throw new OptionError(`Cannot start: --${name} is missing`);
      return value;
    },
    integer(name, lowest, highest, otherwise) {
      const value = optional(name);
      if (value === null && otherwise !== undefined) return otherwise;
      const number = Number(value);
      if (value !== null && /^\d+$/.test(value) && number >= lowest && number <= highest) {
        return number;
      }
      throw new OptionError(
        `Cannot start: --${name} must be an integer in [${lowest}, ${highest}]: ` +
          `current value is ${JSON.stringify(value)}`,
      );
    },
    flag: (name) => values[name] === true,
  };
}

function parsed(
  words: readonly string[],
  names: readonly string[],
  flags: readonly string[],
): Record<string, unknown> {
  const options: Record<string, { type: 'string' | 'boolean' }> = {};
  for (const name of names) options[name] = { type: 'string' };
  for (const name of flags) options[name] = { type: 'boolean' };
  try {
    return parseArgs({ args: [...words], options, strict: true, allowPositionals: false }).values;
  } catch (cause) {
    throw new OptionError(`Cannot start: ${(cause as Error).message}`, { cause });
  }
}

/** The run that this process belongs to. */
export function runOption(options: OptionReader): RunId {
  const run = readRunId(options.text('run'));
  if (run !== null) return run;
  throw new OptionError(
    `Cannot start: --run must be the id of a run, such as t0123456789abcdef: ` +
      `current value is ${JSON.stringify(options.text('run'))}`,
  );
}

/** The address of nats-server; an environment variable, because it may hold a secret. */
export function natsUrl(environment: NodeJS.ProcessEnv = process.env): string {
  const url = environment.LOCKSTEP_NATS_URL;
  if (url !== undefined && url !== '') return url;
  throw new OptionError('Cannot start: the environment variable LOCKSTEP_NATS_URL is missing');
}
