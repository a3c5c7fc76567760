import { HostState } from '../state/host-state.js';
import type { StateLayout } from '../state/training-state.js';
import { CheckpointError } from './checkpoint-error.js';
import { type CheckpointExpectation, modelFile } from './checkpoint-folder.js';
import { readTensors } from './read-checkpoint.js';
import { readManifest } from './verify-checkpoint.js';
import { weightsDigest } from './weights-digest.js';

/**
 * Reads the weights of a checkpoint, and none of its moments.
 *
 * @param parameters as long as the layout; its gaps stay as they are
 * @throws CheckpointError as `readCheckpoint`. The parameters are worth nothing then.
 */
export async function readParameters(
  path: string,
  expected: CheckpointExpectation,
  layout: StateLayout,
  parameters: Float32Array,
): Promise<void> {
  const manifest = await readManifest(path, expected);
  const none = new Float32Array();
  const state = new HostState(layout, { parameters, firstMoments: none, secondMoments: none });
  await readTensors(path, modelFile, manifest, state);
  if ((await weightsDigest(state)) === manifest.weightsSha256) return;
  throw new CheckpointError(path, `${modelFile} does not hold the weights of the manifest`);
}
