/**
 * Where each message of a run travels. Every subject starts with `lockstep.<job>.<run>.`, so that an
 * account can be given one job and nothing else, and two runs of one job never hear each other.
 */
import { type JobId, jobId, type Lane, type RunId, type Step, type WorkerId } from './ids.js';
import { isEvaluation, type RunAddress, readRunId } from './run/run-id.js';

/** A name that can stand as one token of a subject and in the name of a stream. */
const token = /^[A-Za-z0-9_-]{1,128}$/;

/** A name holds characters that mean something else in a subject. */
export class SubjectTokenError extends Error {
  override readonly name = 'SubjectTokenError';
  readonly code = 'SUBJECT_TOKEN';
  constructor(what: string, value: string) {
    super(
      `Cannot address ${what}: ${JSON.stringify(value)}: it must have 1 to 128 letters, digits, "-" or "_"`,
    );
  }
}

function checked(what: string, value: string): string {
  if (!token.test(value)) throw new SubjectTokenError(what, value);
  return value;
}

const prefix = ({ job, run }: RunAddress): string =>
  `lockstep.${checked('the job', job)}.${checked('the run', run)}`;

/** What the coordinator says to all workers. */
export const coordinatorSubject = (run: RunAddress): string => `${prefix(run)}.coordinator`;

/** What one worker says to the coordinator. */
export const workerSubject = (run: RunAddress, worker: WorkerId): string =>
  `${prefix(run)}.worker.${checked('the worker', worker)}`;

export const everyWorkerSubject = (run: RunAddress): string => `${prefix(run)}.worker.*`;

/** Progress that nobody records, for whoever watches. */
export const progressSubject = (run: RunAddress): string => `${prefix(run)}.progress`;

/** What commands ask of a run. */
export const controlSubject = (run: RunAddress): string => `${prefix(run)}.control`;

/** The run's log, one message an entry. */
export const logSubject = (run: RunAddress): string => `${prefix(run)}.log`;

/** A part of a step's plan: one lane's own, or what all lanes have in common. */
export type PlanPart = Lane | 'shared';

/** One part of the plan of one step. */
export const planSubject = (run: RunAddress, step: Step, part: PlanPart): string =>
  `${prefix(run)}.plan.${step}.${part}`;

/** All parts of one step. */
export const stepPlansSubject = (run: RunAddress, step: Step): string =>
  `${prefix(run)}.plan.${step}.*`;

/** One lane, or the shared part, of every step. */
export const planPartsSubject = (run: RunAddress, part: PlanPart): string =>
  `${prefix(run)}.plan.*.${part}`;

export const everyPlanSubject = (run: RunAddress): string => `${prefix(run)}.plan.>`;

/** A run in the name of a stream or store: the id comes last, so that no job's name can imitate it. */
const ofRun = (kind: 'plan' | 'files' | 'log', { job, run }: RunAddress): string =>
  `lockstep-${kind}-${checked('the job', job)}-${checked('the run', run)}`;

/** The durable stream that holds a run's log; it stays when the run is over, and ages away. */
export const logStream = (run: RunAddress): string => ofRun('log', run);

/** The durable stream that holds a run's plans. */
export const planStream = (run: RunAddress): string => ofRun('plan', run);

/**
 * The object store that holds the files of the dataset and of pretrained weights for workers that
 * cannot read their folders. Each run has its own, although runs may train on the same dataset: so it
 * lives exactly as long as the run that needs it, and nobody has to count the users of a shared one,
 * some of whom die uncounted.
 */
export const filesBucket = (run: RunAddress): string => ofRun('files', run);

/** A file of what has the digest: a dataset and weights may both have a file of that name. */
export const objectName = (digest: string, file: string): string =>
  `${digest.slice(0, 32)}.${file}`;

/** The run that a stream or store of this job belongs to; null where it is none of the job's. */
export function runOfName(job: JobId, name: string): RunId | null {
  for (const kind of ['plan', 'files']) {
    const start = `lockstep-${kind}-${job}-`;
    if (name.startsWith(start)) return readRunId(name.slice(start.length));
  }
  return null;
}

/** The run whose log a stream holds; null for another stream. */
export function runOfLog(name: string): RunAddress | null {
  const [, job, id] = /^lockstep-log-(.+)-([te][0-9a-f]{16})$/.exec(name) ?? [];
  const run = readRunId(id);
  return job === undefined || run === null ? null : { job: jobId(job), run };
}

/** The values that say which run of a name is live. */
export const claimsBucket = 'lockstep-runs';

/** A training claims its job's name; evaluations of one name may be many, and claim none but their own. */
export const claimKey = ({ job, run }: RunAddress): string =>
  isEvaluation(run)
    ? `${checked('the job', job)}.${checked('the run', run)}`
    : checked('the job', job);

/** Values of one run beside the claim on its job's name. */
export const generationKey = ({ job, run }: RunAddress): string =>
  `${checked('the job', job)}.${checked('the run', run)}.generation`;
export const descriptionKey = ({ job, run }: RunAddress): string =>
  `${checked('the job', job)}.${checked('the run', run)}.description`;

/** Names a message for the server's duplicate detection: publishing it again changes nothing. */
export const planMessageId = (
  { job, run }: RunAddress,
  step: Step,
  part: PlanPart,
  piece: number,
): string => `${job}/${run}/${step}/${part}/${piece}`;
