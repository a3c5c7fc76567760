/** The last steps of a run whose checkpoints are in a bucket: its history goes on with those it has not heard of. */
import { isBucket } from '../../storage/location.js';
import { readRecentSteps } from '../../worker/inference/read-recent-steps.js';

/**
 * Null where there are none. A bucket that cannot be read stops no run here: the history says what it lacks.
 *
 * @param checkpoints as `run.json` has them
 */
export async function recentStepsInBucket(
  checkpoints: string | null,
  note: (text: string) => void,
): Promise<string | null> {
  if (checkpoints === null || !isBucket(checkpoints)) return null;
  try {
    return await readRecentSteps(checkpoints);
  } catch (error) {
    note(`the last steps of the run cannot be read: ${(error as Error).message}`);
    return null;
  }
}
