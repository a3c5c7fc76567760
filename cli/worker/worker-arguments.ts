import { parseArgs } from 'node:util';
import { integer } from '../arguments.js';
import { natsAddress } from '../cluster/nats-address.js';
import { UsageError } from '../usage-error.js';

export interface WorkerArguments {
  readonly nats: string;
  readonly job: string;
  /** Null: the host's, with a number where the host has several. */
  readonly name: string | null;
  readonly output: string | null;
  readonly bind: string | null;
  readonly announce: string | null;
  /** Seconds. */
  readonly grace: number | null;
  readonly metricsPort: number | null;
  readonly metricsHost: string | null;
}

export const workerOptions = {
  nats: { type: 'string' },
  job: { type: 'string' },
  name: { type: 'string' },
  output: { type: 'string' },
  bind: { type: 'string' },
  announce: { type: 'string' },
  grace: { type: 'string' },
  'metrics-port': { type: 'string' },
  'metrics-host': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Its process takes no more. */
const longestGrace = 3600;

/**
 * Null where help was asked for.
 *
 * @throws UsageError
 */
export function readWorkerArguments(words: readonly string[]): WorkerArguments | null {
  const values = parsed(words);
  if (values.help === true) return null;
  return {
    nats: natsAddress(values.nats ?? null),
    job: required('--job', values.job, /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'the name of a job'),
    name:
      values.name === undefined
        ? null
        : required('--name', values.name, workerName, '1 to 128 letters, digits, "-" or "_"'),
    output: values.output ?? null,
    bind: values.bind ?? null,
    announce: values.announce ?? null,
    grace: integer('--grace', values.grace, 1, longestGrace),
    metricsPort: integer('--metrics-port', values['metrics-port'], 0, 65535) || null,
    metricsHost: values['metrics-host'] ?? null,
  };
}

const workerName = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * The n-th worker of a host, from 1 on. The same command has the same name again after a restart of the
 * machine, and so finds its folder, with its checkpoints.
 */
export const nameOnHost = (host: string, number: number): string => {
  const name = host.replace(/[^A-Za-z0-9_-]/g, '-').slice(0, 100);
  return number === 1 ? name : `${name}-${number}`;
};

function required(name: string, value: string | undefined, rule: RegExp, words: string): string {
  if (value !== undefined && rule.test(value)) return value;
  const is = value === undefined ? 'it is missing' : `current value is ${JSON.stringify(value)}`;
  throw new UsageError(`${name} must be ${words}: ${is} (see "lockstep worker --help")`);
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: workerOptions, strict: true }).values;
  } catch (cause) {
    const message = `${(cause as Error).message} (see "lockstep worker --help")`;
    throw new UsageError(message, { cause });
  }
}
