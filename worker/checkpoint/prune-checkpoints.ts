import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { committedStepsOf, isPartialName, partialName } from './checkpoint-folder.js';
import { checkpointNames, namesIn } from './newest-checkpoint.js';

/**
 * Removes all but the `keep` newest checkpoints, and whatever crashed writers left behind. Only the
 * writer of a directory may call it, and not while it writes.
 *
 * @returns the names of the removed checkpoints, oldest first.
 */
export async function pruneCheckpoints(directory: string, keep: number): Promise<string[]> {
  await removeLeftovers(directory);
  const names = await checkpointNames(directory);
  const surplus = names.slice(0, Math.max(0, names.length - keep));
  for (const name of surplus) {
    // Renamed first: half a checkpoint must not carry the name of a whole one.
    const aside = join(directory, partialName(committedStepsOf(name) ?? 0, 'removed'));
    await rename(join(directory, name), aside);
    await rm(aside, { recursive: true, force: true });
  }
  return surplus;
}

/** Removes folders of writers that never finished; how many there were. */
export async function removeLeftovers(directory: string): Promise<number> {
  const leftovers = (await namesIn(directory)).filter(isPartialName);
  for (const name of leftovers) await rm(join(directory, name), { recursive: true, force: true });
  return leftovers.length;
}
