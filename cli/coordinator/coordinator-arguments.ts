import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { RunId } from '../../shared/ids.js';
import { nearestWord } from '../../shared/job-spec/text/nearest-word.js';
import { isEvaluation, readRunId } from '../../shared/run/run-id.js';
import { isBucket, locationProblem } from '../../storage/location.js';
import { dashboardPort, integer, type ResumeWish, resumeWish } from '../arguments.js';
import { natsAddress } from '../cluster/nats-address.js';
import { oneName } from '../one-name.js';
import type { JobArgument } from '../train/job/read-job-argument.js';
import { UsageError } from '../usage-error.js';

export interface CoordinatorArguments extends JobArgument {
  readonly nats: string;
  readonly output: string | null;
  /** The run's id; null lets the folder, or a coordinator that leads already, say it. */
  readonly run: RunId | null;
  /** `workers` lets each worker keep its own; null is the folder of the run. */
  readonly checkpoints: string | null;
  readonly resume: ResumeWish;
  /** Seconds. */
  readonly grace: number | null;
  readonly json: boolean;
  readonly metricsPort: number | null;
  readonly metricsHost: string | null;
  /** 0 takes a free one; null: none is served. */
  readonly dashboardPort: number | null;
  readonly dashboardHost: string | null;
}

export const coordinatorOptions = {
  nats: { type: 'string' },
  output: { type: 'string' },
  run: { type: 'string' },
  checkpoints: { type: 'string' },
  resume: { type: 'boolean' },
  'resume-if-any': { type: 'boolean' },
  'init-from': { type: 'string' },
  set: { type: 'string', multiple: true },
  grace: { type: 'string' },
  json: { type: 'boolean' },
  'metrics-port': { type: 'string' },
  'metrics-host': { type: 'string' },
  'dashboard-port': { type: 'string' },
  'dashboard-host': { type: 'string' },
  'no-dashboard': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** As of workers. */
const longestGrace = 3600;

/**
 * Null where help was asked for.
 *
 * @throws UsageError
 */
export function readCoordinatorArguments(words: readonly string[]): CoordinatorArguments | null {
  const { values, positionals } = parsed(words);
  if (values.help === true) return null;
  return {
    subject: oneName('coordinator', "the job's FILE", positionals),
    nats: natsAddress(values.nats ?? null),
    output: values.output ?? null,
    run: runOf(values.run),
    checkpoints: checkpointsOf(values.checkpoints ?? null),
    resume: resumeWish(values.resume === true, values['resume-if-any'] === true),
    initFrom: values['init-from'] ?? null,
    overrides: values.set ?? [],
    grace: integer('--grace', values.grace, 1, longestGrace),
    json: values.json === true,
    metricsPort: integer('--metrics-port', values['metrics-port'], 0, 65535) || null,
    metricsHost: values['metrics-host'] ?? null,
    dashboardPort: dashboardPort(values['dashboard-port'], values['no-dashboard'] === true),
    dashboardHost: values['dashboard-host'] ?? null,
  };
}

function runOf(text: string | undefined): RunId | null {
  const run = readRunId(text);
  if (text === undefined || (run !== null && !isEvaluation(run))) return run;
  throw new UsageError(
    `--run must be "t" and 16 hexadecimal digits, such as t0123456789abcdef: current value is ${JSON.stringify(text)}`,
  );
}

function checkpointsOf(location: string | null): string | null {
  if (location === null || location === 'workers') return location;
  if (!location.includes('/') && nearestWord(location, ['workers']) !== null) {
    const rule = 'must be "workers", s3://BUCKET/PREFIX, or a folder, with ./ before such a name';
    throw new UsageError(`--checkpoints ${rule}: current value is ${JSON.stringify(location)}`);
  }
  const problem = locationProblem(location);
  // Workers may have another working directory.
  if (problem === null) return isBucket(location) ? location : resolve(location);
  throw new UsageError(`--checkpoints ${problem}: current value is ${JSON.stringify(location)}`);
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: coordinatorOptions,
      strict: true,
      allowPositionals: true,
    });
  } catch (cause) {
    const message = `${(cause as Error).message} (see "lockstep coordinator --help")`;
    throw new UsageError(message, { cause });
  }
}
