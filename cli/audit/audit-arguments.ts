/** The words of `lockstep audit`, as one complete type. */
import { parseArgs } from 'node:util';
import { natsAddress } from '../cluster/nats-address.js';
import { UsageError } from '../usage-error.js';

export interface AuditArguments {
  /** The run's folder; its job's name where `nats` is there. */
  readonly run: string;
  /** The nats-server whose log is audited; null for a folder. */
  readonly nats: string | null;
  /** The folder of the dataset; null where the run says. */
  readonly data: string | null;
  /** Whether to plan every step again; null where the job's size decides. */
  readonly recompute: boolean | null;
  readonly json: boolean;
}

export const auditOptions = {
  nats: { type: 'string' },
  data: { type: 'string' },
  recompute: { type: 'boolean' },
  'no-recompute': { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Null where help is asked for. @throws UsageError */
export function readAuditArguments(words: readonly string[]): AuditArguments | null {
  const { values, positionals } = parse(words);
  if (values.help === true) return null;
  const [run, ...others] = positionals;
  if (run === undefined || others.length > 0) {
    throw usage(`the RUN must be named, once: it got ${positionals.length} names`);
  }
  if (values.recompute && values['no-recompute']) {
    throw usage('--recompute and --no-recompute were given: only one may');
  }
  const recompute = values.recompute ? true : values['no-recompute'] ? false : null;
  const nats = values.nats === undefined ? null : natsAddress(values.nats);
  return { run, nats, data: values.data ?? null, recompute, json: values.json === true };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: auditOptions,
      strict: true,
      allowPositionals: true,
    });
  } catch (cause) {
    throw usage((cause as Error).message, { cause });
  }
}

const usage = (why: string, options?: ErrorOptions): UsageError =>
  new UsageError(`Cannot run "lockstep audit": ${why} (see "lockstep audit --help")`, options);
