import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { committedStepsOf, isPartialName, partialName } from './checkpoint-folder.js';
import { checkpointNames, namesIn } from './newest-checkpoint.js';

export interface Retention {
  /** Newest checkpoints that stay. */
  readonly keep: number;
  /** Committed steps of the checkpoint that was written last. */
  readonly upTo: number;
}

/**
 * Removes all but the newest checkpoints, and whatever crashed writers left behind. Only the
 * writer of a directory may call it, and not while it writes.
 *
 * Checkpoints beyond `upTo` neither count nor go: a resume has passed them over, so they may be
 * damaged, and must not push out one that is not. Training will replace them.
 *
 * @returns the names of the removed checkpoints, oldest first.
 */
export async function pruneCheckpoints(
  directory: string,
  { keep, upTo }: Retention,
): Promise<string[]> {
  await removeLeftovers(directory);
  const names = (await checkpointNames(directory)).filter((name) => stepsOf(name) <= upTo);
  const surplus = names.slice(0, Math.max(0, names.length - keep));
  for (const name of surplus) {
    // Renamed first: half a checkpoint must not carry the name of a whole one.
    const aside = join(directory, partialName(stepsOf(name), 'removed'));
    await rename(join(directory, name), aside);
    await rm(aside, { recursive: true, force: true });
  }
  return surplus;
}

const stepsOf = (name: string): number => committedStepsOf(name) ?? 0;

/** Removes folders of writers that never finished; how many there were. */
export async function removeLeftovers(directory: string): Promise<number> {
  const leftovers = (await namesIn(directory)).filter(isPartialName);
  for (const name of leftovers) await rm(join(directory, name), { recursive: true, force: true });
  return leftovers.length;
}
