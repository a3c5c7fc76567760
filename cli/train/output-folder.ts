/** The folder of a run: `job.json`, `checkpoints/`, `logs/`. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, jobDigest, jobIdentity } from '../../shared/job-spec/job-digest.js';
import { resolveJob, type TrainingJob } from '../../shared/job-spec/job-spec.js';
import { UsageError } from '../usage-error.js';

export const jobFileOf = (output: string): string => join(output, 'job.json');
export const checkpointsOf = (output: string): string => join(output, 'checkpoints');

/**
 * Makes the folder ready for a run and writes the resolved job into it.
 *
 * @throws UsageError where it holds checkpoints that the run would mix with its own.
 */
export function prepareOutput(output: string, job: TrainingJob, resume: boolean): string {
  if (hasCheckpoints(output)) {
    if (!resume) {
      throw new UsageError(
        `Cannot train into "${output}": it holds checkpoints of an earlier run: ` +
          'choose another --output, remove the folder, or continue with --resume',
      );
    }
    checkSameJob(output, job);
  }
  mkdirSync(output, { recursive: true });
  const file = jobFileOf(output);
  writeFileSync(file, `${JSON.stringify(job, null, 2)}\n`);
  return file;
}

function hasCheckpoints(output: string): boolean {
  const folder = checkpointsOf(output);
  return existsSync(folder) && readdirSync(folder).some((name) => name.startsWith('step-'));
}

function checkSameJob(output: string, job: TrainingJob): void {
  if (!existsSync(jobFileOf(output))) return;
  const earlier = readJob(jobFileOf(output));
  if (jobDigest(earlier) === jobDigest(job)) return;
  const [before, now] = [jobIdentity(earlier), jobIdentity(job)];
  const field = Object.keys(now).find(
    (name) => canonicalJson(before[name]) !== canonicalJson(now[name]),
  );
  throw new UsageError(
    `Cannot resume in "${output}": its checkpoints belong to a job with spec.${field} ` +
      `${canonicalJson(field === undefined ? null : before[field])}: this job has ` +
      `${canonicalJson(field === undefined ? null : now[field])}: what decides the weights must not change`,
  );
}

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
  return resolveJob(value);
}
