/**
 * Where each message of a job travels. Every subject starts with `lockstep.<job>.`, so that an
 * account can be given one job and nothing else.
 */
import type { JobId, Lane, Step, WorkerId } from './ids.js';

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

/** What the coordinator says to all workers. */
export const coordinatorSubject = (job: JobId): string =>
  `lockstep.${checked('the job', job)}.coordinator`;

/** What one worker says to the coordinator. */
export const workerSubject = (job: JobId, worker: WorkerId): string =>
  `lockstep.${checked('the job', job)}.worker.${checked('the worker', worker)}`;

export const everyWorkerSubject = (job: JobId): string =>
  `lockstep.${checked('the job', job)}.worker.*`;

/** The plan of one lane of one step. */
export const planSubject = (job: JobId, step: Step, lane: Lane): string =>
  `lockstep.${checked('the job', job)}.plan.${step}.${lane}`;

/** All lanes of one step. */
export const stepPlansSubject = (job: JobId, step: Step): string =>
  `lockstep.${checked('the job', job)}.plan.${step}.*`;

/** One lane of every step. */
export const lanePlansSubject = (job: JobId, lane: Lane): string =>
  `lockstep.${checked('the job', job)}.plan.*.${lane}`;

export const everyPlanSubject = (job: JobId): string =>
  `lockstep.${checked('the job', job)}.plan.>`;

/** The durable stream that holds a job's plans. */
export const planStream = (job: JobId): string => `lockstep-plan-${checked('the job', job)}`;

/** The object store that holds a dataset's files for workers that cannot read its folder. */
export const datasetBucket = (digest: string): string =>
  `lockstep-dataset-${checked('the dataset', digest.slice(0, 32))}`;

/** Names a message for the server's duplicate detection: publishing it again changes nothing. */
export const planMessageId = (job: JobId, step: Step, lane: Lane, part: number): string =>
  `${job}/${step}/${lane}/${part}`;
