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

/**
 * The same of a command that takes several names, each once and in this order.
 *
 * @throws UsageError
 */
export function readNames(
  command: string,
  nouns: readonly string[],
  words: readonly string[],
): (Omit<WatchArguments, 'name'> & { readonly names: readonly string[] }) | null {
  const { values, positionals } = parsed(command, words);
  if (values.help === true) return null;
  if (nouns.length === 1) oneName(command, nouns[0] as string, positionals);
  if (positionals.length !== nouns.length) {
    throw new UsageError(
      `Cannot run "lockstep ${command}": ${nouns.join(' and ')} must be named: it got ` +
        `${positionals.length} names (see "lockstep ${command} --help")`,
    );
  }
  const nats = natsAddress(values.nats ?? null);
  return { names: positionals, nats, json: values.json === true };
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
