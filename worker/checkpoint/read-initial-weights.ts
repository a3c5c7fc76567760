import { join } from 'node:path';
import type { TrainingState } from '../state/training-state.js';
import { CheckpointError } from './checkpoint-error.js';
import { modelFile } from './checkpoint-folder.js';
import { checkpointNames, namesIn } from './newest-checkpoint.js';
import { readTensors } from './read-checkpoint.js';
import { readManifest } from './verify-checkpoint.js';
import { weightsDigest } from './weights-digest.js';

export interface InitialWeights {
  /** A checkpoint, or the folder of a run. */
  readonly from: string;
  readonly weightsSha256: string;
}

/** Weights may come from any job, on any dataset, as long as they fit. */
const anyOwner = { jobDigest: null, datasetDigest: null };

/**
 * Loads the weights that a job starts from; the moments of `state` stay as they are.
 *
 * @throws CheckpointError where they are damaged, no longer there, or do not fit the model: the first
 *   tensor that does not is named.
 */
export async function readInitialWeights(
  { from, weightsSha256 }: InitialWeights,
  state: TrainingState,
): Promise<void> {
  const path = await findWeights(from, weightsSha256);
  const manifest = await readManifest(path, anyOwner);
  await readTensors(path, modelFile, manifest, state);
  if ((await weightsDigest(state)) !== weightsSha256) {
    throw new CheckpointError(path, `${modelFile} does not hold the weights of the manifest`);
  }
}

/** A run that trains on has newer checkpoints meanwhile, so that its weights are told by digest. */
async function findWeights(from: string, weightsSha256: string): Promise<string> {
  const isCheckpoint = (await namesIn(from)).includes('manifest.json');
  const folder = join(from, 'checkpoints');
  const candidates = isCheckpoint
    ? [from]
    : (await checkpointNames(folder)).reverse().map((name) => join(folder, name));
  for (const path of candidates) {
    const manifest = await readManifest(path, anyOwner);
    if (manifest.weightsSha256 === weightsSha256) return path;
  }
  const reason = `none of its checkpoints has the weights ${weightsSha256.slice(0, 12)}...`;
  throw new CheckpointError(from, reason);
}
