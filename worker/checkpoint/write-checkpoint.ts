import { type Millis, millis } from '../../shared/units.js';
import type { FileDigest } from '../../storage/hashed-files.js';
import type { BestSoFar } from '../evaluation/best-so-far.js';
import { isEverything } from '../model/parameters/what-trains.js';
import type { StateLayout, TrainingState } from '../state/training-state.js';
import type { GuardState } from '../training/guard/guard-state.js';
import {
  type CheckpointManifest,
  formatVersion,
  modelFile,
  optimizerFile,
  tensorsOf,
} from './checkpoint-folder.js';
import { checkpointPath, openCheckpointStore } from './store/open-checkpoint-store.js';
import { alwaysMayPublish, type MayPublish, permitted } from './store/publication-permit.js';
import { weightsDigest } from './weights-digest.js';
import { tensorPieces } from './write-tensors.js';

export interface CheckpointIdentity {
  readonly committedSteps: number;
  readonly jobDigest: string;
  readonly datasetDigest: string;
  /** The best evaluation of the validation split so far; absent without one. */
  readonly best?: BestSoFar | undefined;
  /** Absent where nothing is watched. */
  readonly guard?: GuardState | undefined;
}

/**
 * Writes a checkpoint to `location`, a folder being created where it is absent, and resolves with its
 * path once it would survive a power cut. The state must not change meanwhile.
 *
 * A checkpoint of the same step is replaced. Anything that goes wrong leaves nothing that looks like a
 * checkpoint.
 *
 * @param permitPatience how long `mayPublish` may say no: leaders confirm, and are succeeded
 * @throws StorageError, StoreRefusedError; FencedError where `mayPublish` still says no
 */
export async function writeCheckpoint(
  location: string,
  identity: CheckpointIdentity,
  state: TrainingState,
  mayPublish: MayPublish = alwaysMayPublish,
  permitPatience: Millis = millis(0),
): Promise<string> {
  const { committedSteps } = identity;
  const draft = await openCheckpointStore(location).begin(committedSteps);
  try {
    const write = (name: typeof modelFile | typeof optimizerFile): Promise<FileDigest> =>
      draft.write(name, tensorPieces(state, tensorsOf(name, state.layout), committedSteps));
    const manifest: CheckpointManifest = {
      formatVersion,
      ...identity,
      ...partOf(state.layout),
      ...(draft.within !== undefined && { within: draft.within }),
      weightsSha256: await weightsDigest(state),
      files: {
        [modelFile]: await write(modelFile),
        [optimizerFile]: await write(optimizerFile),
      },
    };
    await permitted(mayPublish, permitPatience);
    await draft.publish(manifestBytes(manifest), mayPublish);
    return checkpointPath(location, committedSteps);
  } catch (error) {
    await draft.discard();
    throw error;
  }
}

/** A checkpoint of everything is to the byte what it was before there was a choice. */
const partOf = ({ trains }: StateLayout): Pick<CheckpointManifest, 'trains'> =>
  trains === undefined || isEverything(trains) ? {} : { trains };

const manifestBytes = (manifest: CheckpointManifest): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`);
