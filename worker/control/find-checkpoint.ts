import { readJobFile } from '../../process/read-job.js';
import { jobDigest } from '../../shared/job-spec/job-digest.js';
import type { Log } from '../../shared/log.js';
import type { FoundCheckpoint } from '../../shared/messages/report-fields.js';
import { newestCheckpoint } from '../checkpoint/newest-checkpoint.js';
import { verifyCheckpoint } from '../checkpoint/verify-checkpoint.js';

export interface CheckpointWish {
  /** `newest`, or one checkpoint's folder. */
  readonly wish: string;
  readonly checkpoints: string;
  readonly jobFile: string;
  /** Of the job that the run was started with; null where nobody said. */
  readonly jobDigest: string | null;
}

/**
 * The checkpoint that this worker offers to start from. Every byte has been checked; damaged ones
 * are named in the log and passed over where the newest is wanted.
 *
 * @throws CheckpointError where one checkpoint is wanted and cannot be used.
 */
export async function findCheckpoint(
  { wish, checkpoints, jobFile, jobDigest: digest }: CheckpointWish,
  log: Log,
  notice: (text: string) => void,
): Promise<FoundCheckpoint | null> {
  const job = await readJobFile(jobFile, digest);
  // The dataset is not known before the membership; the training thread checks it.
  const expected = { jobDigest: jobDigest(job), datasetDigest: null };
  if (wish !== 'newest') {
    const { committedSteps } = await verifyCheckpoint(wish, expected);
    return { path: wish, committedSteps };
  }
  const { found, refused } = await newestCheckpoint(checkpoints, expected);
  for (const error of refused) {
    log.warn({ code: error.code }, error.message);
    notice(error.message);
  }
  // What follows from it is the coordinator's to say: training from the seed, or no evaluation.
  if (found === null) notice(`no checkpoint in ${checkpoints} can be used`);
  return found;
}
