import { openCheckpointStore } from './store/open-checkpoint-store.js';
import { alwaysMayPublish, type MayPublish } from './store/publication-permit.js';

export interface Retention {
  /** Newest checkpoints that stay. */
  readonly keep: number;
  /** Committed steps of the checkpoint that was written last. */
  readonly upTo: number;
  /** Committed steps of those that stay however old they are, and do not count. */
  readonly besides: readonly number[];
}

/**
 * Removes all but the newest checkpoints, and what crashed writers left behind.
 *
 * Checkpoints beyond `upTo` neither count nor go: a resume has passed them over, so they may be
 * damaged, and must not push out one that is not. Training will replace them.
 *
 * @param mayPublish asked before each removal: where it says no, the rest is another's to remove
 * @returns committed steps of the removed checkpoints, oldest first.
 */
export async function pruneCheckpoints(
  location: string,
  retention: Retention,
  mayPublish: MayPublish = alwaysMayPublish,
): Promise<number[]> {
  const store = openCheckpointStore(location);
  if (!mayPublish()) return [];
  await store.sweep();
  const removed: number[] = [];
  for (const steps of surplusOf(await store.steps(), retention)) {
    if (!mayPublish()) break;
    await store.remove(steps);
    removed.push(steps);
  }
  return removed;
}

/** @param steps oldest first */
function surplusOf(steps: readonly number[], { keep, upTo, besides }: Retention): number[] {
  const counted = steps.filter((committed) => committed <= upTo);
  const older = counted.slice(0, Math.max(0, counted.length - keep));
  return older.filter((committed) => !besides.includes(committed));
}
