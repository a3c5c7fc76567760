/**
 * The folder of a run: `job.json`, `run.json`, `checkpoints/`, `logs/`. A run is first checked against
 * what the folder holds, which changes nothing, and then written into it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ledgerFiles } from '../../process/history/ledger-file.js';
import { writeAtomically } from '../../process/write-atomically.js';
import { JobSpecError } from '../../shared/errors.js';
import type { RunId } from '../../shared/ids.js';
import { changeText, identityChanges } from '../../shared/job-spec/identity-changes.js';
import { jobDigest } from '../../shared/job-spec/job-digest.js';
import { resolveJob, type TrainingJob } from '../../shared/job-spec/job-spec.js';
import type { ResumeWish } from '../arguments.js';
import { UsageError } from '../usage-error.js';
import { type RunRecord, readRunRecord, recordFileOf, writeRunRecord } from './run-record.js';

export const jobFileOf = (output: string): string => join(output, 'job.json');
export const checkpointsOf = (output: string): string => join(output, 'checkpoints');

export interface RunWish {
  readonly job: TrainingJob;
  readonly resume: boolean;
  readonly datasetDigest: string;
  /** Where the dataset lies as seen from the folder; null for a built-in one. */
  readonly datasetPath: string | null;
  /** The id of the run where it is a new one. */
  readonly newId: RunId;
  /** Checkpoints are not in the folder. */
  readonly checkpoints?: string | null;
}

/**
 * Whether there is a run to go on with. Reads only.
 *
 * @throws UsageError where one is wanted and the folder has none: training from the seed instead
 *   would look like a success.
 */
export function decideResume(output: string, wish: ResumeWish, isElsewhere = false): boolean {
  if (wish === 'never') return false;
  if (hasProgress(output, isElsewhere)) return true;
  // Whether there is a checkpoint is for those to say who would have it.
  if (isElsewhere && wish === 'required') return true;
  if (wish === 'if-any') return false;
  throw new UsageError(
    `Cannot resume in "${output}": it holds no checkpoint: train without --resume, or with ` +
      '--resume-if-any, which begins where there is none',
  );
}

/**
 * Whether the job may train into the folder, as far as that can be known without its dataset. Reads
 * only.
 *
 * @throws UsageError where the folder holds checkpoints that the run would mix with its own.
 */
export function checkOutput(
  output: string,
  job: TrainingJob,
  resume: boolean,
  isElsewhere = false,
): void {
  if (!hasProgress(output, isElsewhere)) return;
  if (!resume) {
    const what = isElsewhere ? 'the ledger' : 'checkpoints';
    throw new UsageError(
      `Cannot train into "${output}": it holds ${what} of an earlier run: ` +
        'choose another --output, remove the folder, or continue with --resume',
    );
  }
  checkSameJob(output, job);
}

/**
 * The run that goes into the folder: the one that is there where it is resumed, else a new one. Reads
 * only.
 *
 * @throws UsageError
 */
export function decideRun(
  output: string,
  { job, resume, datasetDigest, datasetPath, newId, checkpoints = null }: RunWish,
): RunRecord {
  const isElsewhere = checkpoints !== null;
  checkOutput(output, job, resume, isElsewhere);
  const earlier = resume && hasProgress(output, isElsewhere) ? readRunRecord(output) : null;
  if (earlier === null) return { id: newId, datasetDigest, datasetPath, checkpoints };
  requireDataset(output, earlier, datasetDigest);
  return { ...earlier, datasetPath, checkpoints };
}

/** @throws UsageError where what lies in the folder was trained on another dataset */
export function requireDataset(output: string, earlier: RunRecord, datasetDigest: string): void {
  if (earlier.datasetDigest === datasetDigest) return;
  throw new UsageError(
    `Cannot resume in "${output}": its checkpoints belong to the dataset ` +
      `${earlier.datasetDigest}: this job's has the digest ${datasetDigest}: ` +
      'what decides the weights must not change',
  );
}

/** Writes what the run is; everything has been checked. @returns the path of the job's file. */
export function writeOutput(output: string, job: TrainingJob, record: RunRecord): string {
  mkdirSync(output, { recursive: true });
  const file = jobFileOf(output);
  writeAtomically(file, `${JSON.stringify(job, null, 2)}\n`);
  writeRunRecord(output, record);
  return file;
}

/**
 * Removes what dead runs left half done. Only the owner of the folder may call it: then no other run
 * is at work in it, and everything temporary is nobody's.
 */
export function sweepOutput(output: string): void {
  for (const folder of [output, checkpointsOf(output), join(output, 'cache')]) {
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      const isTemporary = name.startsWith('.nats-') || /^\..*\.partial$|^\.lock\./.test(name);
      if (isTemporary) rmSync(join(folder, name), { recursive: true, force: true });
    }
  }
}

/** Whether there is anything to resume from. */
export const hasCheckpoints = (output: string): boolean => holdsCheckpoints(checkpointsOf(output));

export const holdsCheckpoints = (folder: string): boolean =>
  existsSync(folder) && readdirSync(folder).some((name) => name.startsWith('step-'));

/** Whether a run has trained into the folder: what is there must not be begun anew without a word. */
export const hasProgress = (output: string, isElsewhere: boolean): boolean =>
  hasCheckpoints(output) ||
  (isElsewhere && existsSync(recordFileOf(output)) && ledgerFiles(output).length > 0);

/** @throws UsageError where the folder's job decides other weights */
export function checkSameJob(output: string, job: TrainingJob): void {
  if (!existsSync(jobFileOf(output))) return;
  const earlier = readJob(jobFileOf(output));
  if (jobDigest(earlier) === jobDigest(job)) return;
  throw new UsageError(
    `Cannot resume in "${output}": ${changeText(identityChanges(earlier, job), job)}`,
  );
}

/** The job in a run's folder; null where there is none. @throws UsageError, JobSpecError */
export const earlierJob = (output: string): TrainingJob | null =>
  existsSync(jobFileOf(output)) ? readJob(jobFileOf(output)) : null;

/** @throws UsageError, JobSpecError */
export function readJob(file: string): TrainingJob {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new UsageError(`Cannot read the job of a run: ${file}: ${(cause as Error).message}`, {
      cause,
    });
  }
  try {
    return resolveJob(value);
  } catch (cause) {
    if (!(cause instanceof JobSpecError)) throw cause;
    throw new UsageError(`Cannot read the job of a run: ${file}: ${cause.message}`, { cause });
  }
}
