import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from './checkpoint-error.js';
import { type CheckpointExpectation, committedStepsOf } from './checkpoint-folder.js';
import { verifyCheckpoint } from './verify-checkpoint.js';

export interface NewestCheckpoint {
  /** Null where the folder holds none that can be continued from. */
  readonly found: { readonly path: string; readonly committedSteps: number } | null;
  /** Newer ones that cannot be used, newest first: whoever resumes should say so. */
  readonly refused: readonly CheckpointError[];
}

/**
 * The newest checkpoint in `directory` whose every byte is as it was written and that belongs to
 * this job and dataset. A folder that does not exist holds none.
 */
export async function newestCheckpoint(
  directory: string,
  expected: CheckpointExpectation,
): Promise<NewestCheckpoint> {
  const refused: CheckpointError[] = [];
  for (const name of (await checkpointNames(directory)).reverse()) {
    const path = join(directory, name);
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

/** Names of all checkpoint folders, oldest first, whatever their state. */
export async function checkpointNames(directory: string): Promise<string[]> {
  const names = await namesIn(directory);
  return names
    .filter((name) => committedStepsOf(name) !== null)
    .sort((a, b) => (committedStepsOf(a) ?? 0) - (committedStepsOf(b) ?? 0));
}

export async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
