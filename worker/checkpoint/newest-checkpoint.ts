import { CheckpointError } from './checkpoint-error.js';
import type { CheckpointExpectation } from './checkpoint-folder.js';
import { checkpointPath, openCheckpointStore } from './store/open-checkpoint-store.js';
import { verifyCheckpoint } from './verify-checkpoint.js';

export interface NewestCheckpoint {
  /** Null where the store holds none that can be continued from. */
  readonly found: { readonly path: string; readonly committedSteps: number } | null;
  /** Newer ones that cannot be used, newest first: whoever resumes should say so. */
  readonly refused: readonly CheckpointError[];
}

/**
 * The newest checkpoint at `location` whose every byte is as it was written and that belongs to
 * this job and dataset. A folder that does not exist holds none.
 *
 * @throws StorageError, StoreRefusedError
 */
export async function newestCheckpoint(
  location: string,
  expected: CheckpointExpectation,
): Promise<NewestCheckpoint> {
  const refused: CheckpointError[] = [];
  for (const path of await newestFirst(location)) {
    try {
      const { committedSteps } = await verifyCheckpoint(path, expected);
      return { found: { path, committedSteps }, refused };
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      refused.push(error);
    }
  }
  return { found: null, refused };
}

/** Paths of all checkpoints at a location, whatever their state. */
export async function newestFirst(location: string): Promise<string[]> {
  const steps = await openCheckpointStore(location).steps();
  return steps.reverse().map((committedSteps) => checkpointPath(location, committedSteps));
}
