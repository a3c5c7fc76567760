import { readFile } from 'node:fs/promises';
import { wholeJobDigest } from '../shared/job-spec/job-digest.js';
import { parseJob, type TrainingJob } from '../shared/job-spec/job-spec.js';

/** The job here is another than the one that the run was started with. */
export class JobMismatchError extends Error {
  override readonly name = 'JobMismatchError';
  readonly code = 'JOB_MISMATCH';
}

/**
 * Reads the job of a run.
 *
 * @param digest of the job that the run was started with; null where whoever started this process
 *   did not say.
 * @throws JobSpecError, JobMismatchError
 */
export async function readJobFile(file: string, digest: string | null): Promise<TrainingJob> {
  const job = parseJob(await readFile(file, 'utf8'));
  requireJob(job, digest, file);
  return job;
}

/** @throws JobMismatchError */
export function requireJob(job: TrainingJob, digest: string | null, where: string): void {
  const found = wholeJobDigest(job);
  if (digest === null || found === digest) return;
  throw new JobMismatchError(
    `Cannot start: the job of ${where} has the digest ${found}: the run was started with ` +
      `${digest}: has the file been written by another run?`,
  );
}
