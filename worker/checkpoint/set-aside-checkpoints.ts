import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { storing } from '../../storage/storage-error.js';
import { committedStepsOf } from './checkpoint-folder.js';
import { checkpointNames } from './newest-checkpoint.js';

/** Beside the checkpoints: those that nothing continues from, for whoever wants to look at them. */
export const asideFolder = 'collapsed';

/**
 * Moves every checkpoint of more than `committedSteps` out of the way, so that the newest one is that of
 * `committedSteps`. One of the same name that was set aside before is replaced.
 *
 * @returns the names of those that were moved, oldest first.
 * @throws StorageError
 */
export async function setAsideCheckpoints(
  directory: string,
  committedSteps: number,
): Promise<string[]> {
  const names = (await checkpointNames(directory)).filter(
    (name) => (committedStepsOf(name) as number) > committedSteps,
  );
  const aside = join(directory, asideFolder);
  await storing('checkpoints that are set aside', aside, async () => {
    if (names.length > 0) await mkdir(aside, { recursive: true });
    // The newest first: whatever interrupts this, the newest that stays has the fewest steps to lose.
    for (const name of names.toReversed()) {
      await rm(join(aside, name), { recursive: true, force: true });
      await rename(join(directory, name), join(aside, name));
    }
  });
  return names;
}
