/**
 * The last steps of a run whose checkpoints are in a bucket: its history goes on with those it has not heard
 * of. Nothing of worker/ is loaded for it: the coordinator's image has none of that.
 */
import { recentStepsFile } from '../../shared/history/history-line.js';
import { type Bytes, bytes } from '../../shared/units.js';
import { parseLocation } from '../../storage/location.js';
import { openBucket } from '../../storage/s3/open-bucket.js';

/** `recentSteps` lines of a kilobyte each. */
const recentStepsBytes: Bytes = bytes(64 * 1024);

/**
 * Null where there are none. A bucket that cannot be read stops no run here: the history says what it lacks.
 *
 * @param checkpoints as `run.json` has them
 */
export async function recentStepsInBucket(
  checkpoints: string | null,
  note: (text: string) => void,
): Promise<string | null> {
  const place = checkpoints === null ? null : parseLocation(checkpoints);
  if (place?.kind !== 'bucket') return null;
  const key = place.prefix === '' ? recentStepsFile : `${place.prefix}/${recentStepsFile}`;
  try {
    return await (await openBucket(place.bucket)).text(key, recentStepsBytes);
  } catch (error) {
    note(`the last steps of the run cannot be read: ${(error as Error).message}`);
    return null;
  }
}
