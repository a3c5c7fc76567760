/** Which processes a run has on one machine, and what each is told. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { operatorTokenVariable } from '../../coordinator/dashboard/server/operators/operator-access.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import type { KeptProcess } from './kept-processes.js';

export interface ClusterProcesses {
  readonly run: RunAddress;
  /** The resolved job as a file. */
  readonly jobFile: string;
  /** `wholeJobDigest` of the job: every process checks that it reads the same. */
  readonly jobDigest: string;
  /** Of the claim on the job's name that the coordinator takes over; null lets it make its own. */
  readonly claim: string | null;
  readonly datasetDirectory: string;
  readonly output: string;
  /** A folder that all workers can read, `s3://BUCKET/PREFIX`, or `workers`: each has its own. */
  readonly checkpoints: string;
  /** On this machine; 0 where all are elsewhere. */
  readonly workers: number;
  /** One leads, the others stand by. */
  readonly coordinators?: number;
  /** The first coordinator's; the others follow. Null takes free ones. */
  readonly metricsPort: number | null;
  readonly metricsHost?: string | null;
  /** Of the first coordinator's dashboard; the others take free ones. Null or left out: none is served. */
  readonly dashboardPort?: number | null;
  readonly dashboardHost?: string | null;
  /** Of whoever acts on the dashboard; null or left out: as this process's environment says. */
  readonly operatorTokenFile?: string | null;
  /** `newest`, a checkpoint folder, or null to start from the seed. */
  readonly resume: string | null;
  /** Resumes where there is something to resume, and never goes on with a run that is over. */
  readonly resumeIfAny?: boolean;
  /** Of coordinators, in seconds. */
  readonly grace?: number | null;
  readonly evaluateOnly: boolean;
  readonly entries?: RunEntries;
}

/** Compiled entries of the processes; tests put others in. */
export interface RunEntries {
  readonly coordinator: URL;
  readonly worker: URL;
}

/** Variables that say how each role reaches the server. */
export interface NatsEnvironments {
  readonly coordinator: Readonly<Record<string, string>>;
  readonly worker: Readonly<Record<string, string>>;
}

export const workerEntry = new URL('../../worker/main.js', import.meta.url);

const realEntries: RunEntries = {
  coordinator: new URL('../../coordinator/main.js', import.meta.url),
  worker: workerEntry,
};

/** The job's secret where one is given, so that workers elsewhere may join; else one that nobody else has. */
const secretEnvironment = ({
  LOCKSTEP_SECRET,
  LOCKSTEP_SECRET_FILE,
}: NodeJS.ProcessEnv): Record<string, string> =>
  LOCKSTEP_SECRET || LOCKSTEP_SECRET_FILE
    ? {}
    : { LOCKSTEP_SECRET: randomBytes(32).toString('hex') };

/** Coordinators first. */
export function processesOf(options: ClusterProcesses, nats: NatsEnvironments): KeptProcess[] {
  const { coordinators = 1, entries = realEntries, metricsPort, output, run, workers } = options;
  const port = (index: number): number => (metricsPort === null ? 0 : metricsPort + index);
  const logFile = (name: string): string => join(output, 'logs', `${name}.log`);
  const secret = secretEnvironment(process.env);
  const leading = Array.from({ length: coordinators }, (_, index): KeptProcess => {
    const name = index === 0 ? 'coordinator' : `coordinator-${index}`;
    return {
      name,
      entry: entries.coordinator,
      environment: { ...nats.coordinator, ...operatorEnvironment(options) },
      arguments: [
        ...coordinatorWords(options, name, port(index)),
        ...dashboardWords(options, index),
      ],
      logFile: logFile(name),
    };
  });
  const working = Array.from({ length: workers }, (_, index): KeptProcess => {
    const name = `worker-${index}`;
    return {
      name,
      entry: entries.worker,
      environment: { ...nats.worker, ...secret },
      arguments: workerWords({
        job: run.job,
        run: run.run,
        worker: name,
        output,
        metricsPort: port(coordinators + index),
      }),
      logFile: logFile(name),
    };
  });
  return [...leading, ...working];
}

function coordinatorWords(options: ClusterProcesses, name: string, port: number): string[] {
  const { checkpoints, claim, datasetDirectory, evaluateOnly, resume, run } = options;
  return [
    ...['--run', run.run, '--name', name],
    ...['--job-file', options.jobFile, '--job-digest', options.jobDigest],
    ...[
      '--dataset',
      datasetDirectory,
      '--checkpoints',
      checkpoints,
      '--metrics-port',
      String(port),
    ],
    ...(options.metricsHost ? ['--metrics-host', options.metricsHost] : []),
    ...(options.workers === 0 ? [] : ['--workers', String(options.workers)]),
    ...(claim === null ? [] : ['--claim', claim]),
    ...(evaluateOnly ? ['--evaluate-only'] : []),
    ...(resume === null ? [] : ['--resume', resume]),
    ...(options.grace == null ? [] : ['--grace', String(options.grace)]),
    ...(options.resumeIfAny === true ? ['--resume-if-any'] : []),
  ];
}

function dashboardWords(
  { dashboardHost, dashboardPort, output }: ClusterProcesses,
  index: number,
): string[] {
  if (dashboardPort == null) return [];
  return [
    ...['--dashboard-port', String(index === 0 ? dashboardPort : 0), '--dashboard-folder', output],
    ...(dashboardHost ? ['--dashboard-host', dashboardHost] : []),
  ];
}

const operatorEnvironment = ({ operatorTokenFile }: ClusterProcesses): Record<string, string> =>
  operatorTokenFile == null ? {} : { [operatorTokenVariable]: operatorTokenFile };

export interface WorkerWords {
  readonly job: string;
  /** Null lets the worker find the run of its job that someone leads. */
  readonly run: string | null;
  readonly worker: string;
  readonly output: string;
  readonly metricsPort: number | null;
  readonly metricsHost?: string | null;
  readonly bind?: string | null;
  readonly announce?: string | null;
  /** Seconds. */
  readonly grace?: number | null;
}

export function workerWords(words: WorkerWords): string[] {
  const { bind, announce, grace, metricsHost, metricsPort, output, run } = words;
  const given = Object.entries({
    run,
    bind,
    announce,
    grace,
    'metrics-host': metricsHost,
    'metrics-port': metricsPort ?? 0,
    cache: join(output, 'cache'),
    checkpoints: join(output, 'checkpoints'),
  });
  return [
    ...['--job', words.job, '--worker', words.worker],
    ...given.flatMap(([name, value]) => (value == null ? [] : [`--${name}`, String(value)])),
  ];
}
