/** The words of `lockstep top`, as one complete type. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { historyFileOf } from '../../process/history/run-history.js';
import { natsAddress } from '../cluster/nats-address.js';
import { UsageError } from '../usage-error.js';

export const topOptions = {
  nats: { type: 'string' },
  once: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

export type TopSubject =
  /** The folder of a run: `--output` of whoever trains it. */
  | { readonly kind: 'folder'; readonly folder: string }
  /** A run by its job's name on a nats-server; null is the only one that lives there. */
  | { readonly kind: 'job'; readonly name: string | null; readonly nats: string };

export interface TopArguments {
  readonly subject: TopSubject;
  readonly once: boolean;
}

/**
 * Null where help was asked for.
 *
 * @throws UsageError
 */
export function readTopArguments(words: readonly string[]): TopArguments | null {
  const { values, positionals } = parsed(words);
  if (values.help === true) return null;
  const [name = null, ...others] = positionals;
  if (others.length > 0) {
    throw new UsageError(
      `Cannot run "lockstep top": at most one NAME or FOLDER must be given: it got ${positionals.length} ` +
        '(see "lockstep top --help")',
    );
  }
  return { subject: subjectOf(name, values.nats ?? null), once: values.once === true };
}

function subjectOf(name: string | null, nats: string | null): TopSubject {
  if (name !== null && existsSync(historyFileOf(name))) return { kind: 'folder', folder: name };
  if (name?.includes('/')) {
    throw new UsageError(
      `Cannot watch "${name}": it has no history.jsonl: it must be the --output of a run that has ` +
        'begun, or the name of a job on the nats-server of --nats',
    );
  }
  try {
    return { kind: 'job', name, nats: natsAddress(nats) };
  } catch (error) {
    if (nats !== null) throw error;
    const what = name === null ? 'no run is named' : `"${name}" is no folder of a run`;
    throw new UsageError(
      `Cannot watch a run: ${what}, and neither --nats nor LOCKSTEP_NATS_URL says on which nats-server ` +
        'to look: a run that "lockstep train" started is watched by its folder: lockstep top runs/NAME',
      { cause: error },
    );
  }
}

function parsed(words: readonly string[]) {
  try {
    const common = { args: [...words], strict: true, allowPositionals: true } as const;
    return parseArgs({ ...common, options: topOptions });
  } catch (cause) {
    throw new UsageError(`${(cause as Error).message} (see "lockstep top --help")`, { cause });
  }
}
