import { randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sweepAbandoned } from '../../process/ownership/temporary-name.js';
import { committedStepsOf, isPartialName, partialName } from './checkpoint-folder.js';
import { checkpointNames } from './newest-checkpoint.js';

export interface Retention {
  /** Newest checkpoints that stay. */
  readonly keep: number;
  /** Committed steps of the checkpoint that was written last. */
  readonly upTo: number;
  /** Committed steps of those that stay however old they are, and do not count. */
  readonly besides: readonly number[];
}

/**
 * Removes all but the newest checkpoints, and what crashed writers left behind: a partial folder
 * whose writer lives, or may live in another container, stays.
 *
 * Checkpoints beyond `upTo` neither count nor go: a resume has passed them over, so they may be
 * damaged, and must not push out one that is not. Training will replace them.
 *
 * @returns the names of the removed checkpoints, oldest first.
 */
export async function pruneCheckpoints(
  directory: string,
  { keep, upTo, besides }: Retention,
): Promise<string[]> {
  sweepAbandoned(directory, isPartialName);
  const names = (await checkpointNames(directory)).filter((name) => stepsOf(name) <= upTo);
  const older = names.slice(0, Math.max(0, names.length - keep));
  const surplus = older.filter((name) => !besides.includes(stepsOf(name)));
  for (const name of surplus) {
    // Renamed first: half a checkpoint must not carry the name of a whole one.
    const aside = join(directory, partialName(stepsOf(name), `removed-${randomUUID()}`));
    await rename(join(directory, name), aside);
    await rm(aside, { recursive: true, force: true });
  }
  return surplus;
}

const stepsOf = (name: string): number => committedStepsOf(name) ?? 0;
