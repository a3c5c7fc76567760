import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileDigest, syncFolder, writeHashed } from '../../storage/hashed-files.js';
import { storing } from '../../storage/storage-error.js';
import type { BestSoFar } from '../evaluation/best-so-far.js';
import { isEverything } from '../model/parameters/what-trains.js';
import type { StateLayout, TrainingState } from '../state/training-state.js';
import type { GuardState } from '../training/guard/guard-state.js';
import {
  type CheckpointManifest,
  checkpointName,
  formatVersion,
  manifestFile,
  modelFile,
  optimizerFile,
  partialName,
  tensorsOf,
} from './checkpoint-folder.js';
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
 * Writes a checkpoint into `directory`, which is created where it is absent, and resolves with the
 * path of its folder once it would survive a power cut. The state must not change meanwhile.
 *
 * A checkpoint of the same step is replaced. Anything that goes wrong leaves no folder that looks
 * like a checkpoint.
 *
 * @throws StorageError
 */
export async function writeCheckpoint(
  directory: string,
  identity: CheckpointIdentity,
  state: TrainingState,
): Promise<string> {
  const { committedSteps } = identity;
  const what = `the checkpoint of step ${committedSteps}`;
  const partial = join(directory, partialName(committedSteps, randomUUID()));
  await storing(what, partial, () => mkdir(partial, { recursive: true }));
  try {
    const writeFile = async (name: string, pieces: AsyncIterable<Uint8Array>) => {
      const path = join(partial, name);
      return storing(what, path, () => writeHashed(path, pieces));
    };
    const writeTensors = (name: typeof modelFile | typeof optimizerFile): Promise<FileDigest> =>
      writeFile(name, tensorPieces(state, tensorsOf(name, state.layout), committedSteps));
    const manifest: CheckpointManifest = {
      formatVersion,
      ...identity,
      ...partOf(state.layout),
      weightsSha256: await weightsDigest(state),
      files: {
        [modelFile]: await writeTensors(modelFile),
        [optimizerFile]: await writeTensors(optimizerFile),
      },
    };
    await writeFile(manifestFile, manifestPieces(manifest));
    return await storing(what, directory, () => publish(directory, partial, committedSteps));
  } catch (error) {
    // The next writer sweeps what cannot be removed; why nothing was written must not be lost to it.
    await rm(partial, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
}

/** A checkpoint of everything is to the byte what it was before there was a choice. */
const partOf = ({ trains }: StateLayout): Pick<CheckpointManifest, 'trains'> =>
  trains === undefined || isEverything(trains) ? {} : { trains };

async function* manifestPieces(manifest: CheckpointManifest): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`);
}

async function publish(
  directory: string,
  partial: string,
  committedSteps: number,
): Promise<string> {
  await syncFolder(partial);
  const path = join(directory, checkpointName(committedSteps));
  // A folder cannot be renamed onto one that has files, so an earlier attempt steps aside first.
  const aside = join(directory, partialName(committedSteps, `replaced-${randomUUID()}`));
  const replaced = await rename(path, aside).then(() => true, isAbsent);
  await rename(partial, path);
  await syncFolder(directory);
  if (replaced) await rm(aside, { recursive: true, force: true });
  return path;
}

function isAbsent(error: NodeJS.ErrnoException): false {
  if (error.code === 'ENOENT') return false;
  throw error;
}
