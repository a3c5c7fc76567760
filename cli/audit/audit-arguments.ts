/** The words of `lockstep audit`, as one complete type. */
import { parseArgs } from 'node:util';
import { UsageError } from '../usage-error.js';

export interface AuditArguments {
  /** The run's folder. */
  readonly run: string;
  /** Whether to plan every step again; null where the job's size decides. */
  readonly recompute: boolean | null;
  readonly json: boolean;
}

const options = {
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
  return { run, recompute, json: values.json === true };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options, strict: true, allowPositionals: true });
  } catch (cause) {
    throw usage((cause as Error).message, { cause });
  }
}

const usage = (why: string, options?: ErrorOptions): UsageError =>
  new UsageError(`Cannot run "lockstep audit": ${why} (see "lockstep audit --help")`, options);
