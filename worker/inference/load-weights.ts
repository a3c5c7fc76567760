/** The weights of a run, without the moments of its optimizer. */
import { join } from 'node:path';
import { CheckpointError } from '../checkpoint/checkpoint-error.js';
import {
  type CheckpointExpectation,
  type CheckpointManifest,
  checkpointName,
  modelFile,
} from '../checkpoint/checkpoint-folder.js';
import { checkpointNames } from '../checkpoint/newest-checkpoint.js';
import { readTensors } from '../checkpoint/read-checkpoint.js';
import { readManifest } from '../checkpoint/verify-checkpoint.js';
import type { TrainingState } from '../state/training-state.js';

/** Which checkpoint of a run is asked for. */
export type CheckpointWish =
  | { readonly kind: 'newest' }
  /** The one with the best evaluation, which a job with `checkpoint.best` keeps. */
  | { readonly kind: 'best' }
  | { readonly kind: 'one'; readonly path: string };

export interface LoadedWeights {
  readonly path: string;
  readonly manifest: CheckpointManifest;
}

/**
 * Loads the parameters of a run's checkpoint into `state`, hashed as they are read. Where the newest is
 * asked for and cannot be used, the one before it is taken, and `note` hears why.
 *
 * @throws CheckpointError where there is none, or the one that was named is damaged, belongs to another
 *   job or dataset, or has other parameters than the model
 */
export async function loadWeights(
  checkpoints: string,
  wish: CheckpointWish,
  expected: CheckpointExpectation,
  state: TrainingState,
  note: (text: string) => void,
): Promise<LoadedWeights> {
  if (wish.kind === 'one') return load(wish.path, expected, state);
  if (wish.kind === 'best') return load(await bestOf(checkpoints, expected), expected, state);
  for (const path of await newestFirst(checkpoints)) {
    try {
      return await load(path, expected, state);
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      note(error.message);
    }
  }
  throw new CheckpointError(checkpoints, 'none in this folder can be used');
}

async function load(
  path: string,
  expected: CheckpointExpectation,
  state: TrainingState,
): Promise<LoadedWeights> {
  const manifest = await readManifest(path, expected);
  await readTensors(path, modelFile, manifest, state);
  return { path, manifest };
}

/** The newest checkpoint knows which is the best so far. */
async function bestOf(checkpoints: string, expected: CheckpointExpectation): Promise<string> {
  const [newest] = await newestFirst(checkpoints);
  if (newest === undefined) throw new CheckpointError(checkpoints, 'the folder holds none');
  const { best } = await readManifest(newest, expected);
  if (best !== undefined) return join(checkpoints, checkpointName(best.committedSteps));
  const reason =
    'it knows of no best one: the job must have evaluation.everySteps and checkpoint.best';
  throw new CheckpointError(newest, reason);
}

const newestFirst = async (checkpoints: string): Promise<string[]> =>
  (await checkpointNames(checkpoints)).reverse().map((name) => join(checkpoints, name));
