import { openCheckpointStore } from './store/open-checkpoint-store.js';

/**
 * Moves every checkpoint of more than `committedSteps` out of the way, so that the newest one is that of
 * `committedSteps`. One of the same name that was set aside before is replaced.
 *
 * @returns committed steps of those that were moved, oldest first.
 * @throws StorageError
 */
export async function setAsideCheckpoints(
  location: string,
  committedSteps: number,
): Promise<number[]> {
  const store = openCheckpointStore(location);
  const beyond = (await store.steps()).filter((steps) => steps > committedSteps);
  // The newest first: whatever interrupts this, the newest that stays has the fewest steps to lose.
  for (const steps of beyond.toReversed()) await store.setAside(steps);
  return beyond;
}
