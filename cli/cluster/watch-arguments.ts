/** The words of a command that looks at a run by its job's name. */
import { parseArgs } from 'node:util';
import { oneName } from '../one-name.js';
import { UsageError } from '../usage-error.js';
import { natsAddress } from './nats-address.js';

export const watchOptions = {
  nats: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

export interface WatchArguments {
  /** The job's. */
  readonly name: string;
  readonly nats: string;
  readonly json: boolean;
}

/**
 * Null where help was asked for.
 *
 * @throws UsageError
 */
export function readWatchArguments(
  command: string,
  words: readonly string[],
): WatchArguments | null {
  const { values, positionals } = parsed(command, words);
  if (values.help === true) return null;
  return {
    name: oneName(command, "a job's NAME", positionals),
    nats: natsAddress(values.nats ?? null),
    json: values.json === true,
  };
}

function parsed(command: string, words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: watchOptions,
      strict: true,
      allowPositionals: true,
    });
  } catch (cause) {
    const message = `${(cause as Error).message} (see "lockstep ${command} --help")`;
    throw new UsageError(message, { cause });
  }
}
