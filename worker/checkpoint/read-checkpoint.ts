import type { ByteRange } from '../../storage/pieces.js';
import { StorageError, StoreRefusedError } from '../../storage/storage-error.js';
import type { BestSoFar } from '../evaluation/best-so-far.js';
import type { TrainingState } from '../state/training-state.js';
import type { GuardState } from '../training/guard/guard-state.js';
import { CheckpointError } from './checkpoint-error.js';
import {
  type CheckpointExpectation,
  type CheckpointManifest,
  fileOf,
  modelFile,
  tensorFiles,
  tensorsOf,
} from './checkpoint-folder.js';
import { fillTensors, locateTensors, type TensorFile, type Tolerance } from './read-tensors.js';
import { openCheckpointFiles } from './store/open-checkpoint-store.js';
import { checkDigest, checkFile, checkSize, readManifest } from './verify-checkpoint.js';
import { weightsDigest } from './weights-digest.js';

export interface LoadedCheckpoint {
  readonly committedSteps: number;
  readonly weightsSha256: string;
  readonly best: BestSoFar | null;
  /** Null where nothing was watched. */
  readonly guard: GuardState | null;
}

/**
 * Loads a checkpoint into `state`, whose gaps stay as they are. The files are hashed as they are
 * read, once, and never held: the state is all the memory that this takes.
 *
 * @throws CheckpointError where it is damaged, belongs to another job or dataset, or does not hold
 *   exactly the layout's parameters. The state is worth nothing then.
 */
export async function readCheckpoint(
  path: string,
  expected: CheckpointExpectation,
  state: TrainingState,
): Promise<LoadedCheckpoint> {
  const manifest = await readManifest(path, expected);
  for (const name of tensorFiles) await readTensors(path, name, manifest, state);
  const { committedSteps, weightsSha256, best = null, guard = null } = manifest;
  if ((await weightsDigest(state)) !== weightsSha256) {
    throw new CheckpointError(path, `${modelFile} does not hold the weights of the manifest`);
  }
  return { committedSteps, weightsSha256, best, guard };
}

/**
 * Fills `state` with the tensors of one file of a checkpoint.
 *
 * @throws CheckpointError
 */
export async function readTensors(
  path: string,
  name: keyof CheckpointManifest['files'],
  manifest: CheckpointManifest,
  state: TrainingState,
  tolerance?: Tolerance,
): Promise<Pick<TensorFile, 'found' | 'foreign'>> {
  const files = openCheckpointFiles(path);
  const read = (range: ByteRange) => files.read(fileOf(manifest, name), range);
  await checkSize(path, name, manifest);
  let file: TensorFile;
  try {
    const { bytes } = manifest.files[name];
    file = await locateTensors(read, bytes, tensorsOf(name, state.layout), tolerance);
  } catch (cause) {
    if (isOfTheStore(cause)) throw cause;
    // Where the bytes are damaged, what they seem to say is no news of the model.
    await checkFile(path, name, manifest);
    throw new CheckpointError(path, `${name}: ${(cause as Error).message}`, { cause });
  }
  checkDigest(path, name, manifest, await fillTensors(read, file, state));
  return file;
}

/** Says nothing of the bytes. */
const isOfTheStore = (error: unknown): boolean =>
  error instanceof StorageError || error instanceof StoreRefusedError;
