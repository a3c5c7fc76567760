/** The words of a command, as one complete type. */
import { parseArgs } from 'node:util';
import { membersMax } from '../shared/limits.js';
import { UsageError } from './usage-error.js';

/** Whether a run goes on from the checkpoints in its folder: `required` is refused where there are none. */
export type ResumeWish = 'never' | 'required' | 'if-any';

export interface RunArguments {
  /** The job's file, or the folder to evaluate. */
  readonly subject: string;
  readonly workers: number | null;
  readonly output: string | null;
  readonly resume: ResumeWish;
  readonly overrides: readonly string[];
  /** A run's folder or a checkpoint whose weights training starts from. */
  readonly initFrom: string | null;
  readonly json: boolean;
  readonly metricsPort: number | null;
  /** 0 takes a free one; null: none is served. */
  readonly dashboardPort: number | null;
  readonly nats: string | null;
}

const forEval = {
  workers: { type: 'string' },
  json: { type: 'boolean' },
  nats: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

const forTrain = {
  ...forEval,
  output: { type: 'string' },
  resume: { type: 'boolean' },
  'init-from': { type: 'string' },
  'resume-if-any': { type: 'boolean' },
  set: { type: 'string', multiple: true },
  'metrics-port': { type: 'string' },
  'dashboard-port': { type: 'string' },
  'no-dashboard': { type: 'boolean' },
} as const;

/**
 * Null where help was asked for.
 *
 * @throws UsageError
 */
export function readRunArguments(
  command: 'train' | 'eval',
  words: readonly string[],
): RunArguments | null {
  const options: typeof forTrain = command === 'train' ? forTrain : (forEval as typeof forTrain);
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(words, options);
  } catch (cause) {
    throw new UsageError(`${(cause as Error).message} (see "lockstep ${command} --help")`, {
      cause,
    });
  }
  const { values, positionals } = parsed;
  if (values.help === true) return null;
  const [subject, ...others] = positionals;
  const noun = command === 'train' ? "the job's FILE" : 'the FOLDER of a run or checkpoint';
  if (subject === undefined || others.length > 0) {
    throw new UsageError(
      `Cannot run "lockstep ${command}": ${noun} must be named, once: it got ` +
        `${positionals.length} names (see "lockstep ${command} --help")`,
    );
  }
  return {
    subject,
    workers: integer('--workers', values.workers, 1, membersMax),
    output: values.output ?? null,
    resume: resumeWish(values.resume === true, values['resume-if-any'] === true),
    overrides: values.set ?? [],
    initFrom: values['init-from'] ?? null,
    json: values.json === true,
    // 0 asks for free ones, as it does elsewhere, and not for the ports from 0 on.
    metricsPort: integer('--metrics-port', values['metrics-port'], 0, 65535 - membersMax) || null,
    dashboardPort: dashboardPort(values['dashboard-port'], values['no-dashboard'] === true),
    nats: values.nats ?? null,
  };
}

/** 0 takes a free one; null: none is served. @throws UsageError */
export function dashboardPort(value: string | undefined, isUnwanted: boolean): number | null {
  if (isUnwanted && value !== undefined) {
    throw new UsageError('--dashboard-port and --no-dashboard exclude each other: both are given');
  }
  return isUnwanted ? null : (integer('--dashboard-port', value, 0, 65535) ?? 0);
}

export function resumeWish(required: boolean, ifAny: boolean): ResumeWish {
  if (required && ifAny) {
    throw new UsageError('--resume and --resume-if-any exclude each other: both are given');
  }
  if (required) return 'required';
  return ifAny ? 'if-any' : 'never';
}

const parse = (words: readonly string[], options: typeof forTrain) =>
  parseArgs({ args: [...words], options, strict: true, allowPositionals: true });

/**
 * The value of an option that is a whole number; null where it was left out.
 *
 * @throws UsageError
 */
export function integer(
  name: string,
  value: string | undefined,
  lowest: number,
  highest: number,
): number | null {
  if (value === undefined) return null;
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= lowest && number <= highest) return number;
  throw new UsageError(
    `${name} must be an integer in [${lowest}, ${highest}]: current value is ${JSON.stringify(value)}`,
  );
}

export { forEval as evalOptions, forTrain as trainOptions };
