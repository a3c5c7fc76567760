import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeSafetensors, type SafetensorsTensor } from '../../shared/safetensors.js';
import {
  type CheckpointLayout,
  type CheckpointManifest,
  type CheckpointVectors,
  checkpointName,
  formatVersion,
  manifestFile,
  modelFile,
  optimizerFile,
  partialName,
} from './checkpoint-folder.js';
import { syncFolder, writeHashed } from './hashed-files.js';
import { weightsDigest } from './weights-digest.js';

export interface CheckpointContent extends CheckpointVectors {
  readonly committedSteps: number;
  readonly layout: CheckpointLayout;
  readonly jobDigest: string;
  readonly datasetDigest: string;
}

/**
 * Writes a checkpoint into `directory`, which is created where it is absent, and resolves with the
 * path of its folder once it would survive a power cut. The vectors are copied before this
 * returns its promise, so training may go on at once.
 *
 * A checkpoint of the same step is replaced. Anything that goes wrong leaves no folder that looks
 * like a checkpoint.
 */
export function writeCheckpoint(directory: string, content: CheckpointContent): Promise<string> {
  const metadata = { format: 'pt', committed_steps: String(content.committedSteps) };
  const files: Encoded = {
    [modelFile]: encodeSafetensors(parameterTensors(content), metadata),
    [optimizerFile]: encodeSafetensors(momentTensors(content), metadata),
  };
  const { committedSteps, jobDigest, datasetDigest, layout } = content;
  const weightsSha256 = weightsDigest(layout.entries, content.parameters);
  const identity = {
    formatVersion,
    committedSteps,
    jobDigest,
    datasetDigest,
    weightsSha256,
  } as const;
  return store(directory, identity, files);
}

type Encoded = Readonly<Record<keyof CheckpointManifest['files'], Uint8Array>>;

async function store(
  directory: string,
  identity: Omit<CheckpointManifest, 'files'>,
  files: Encoded,
): Promise<string> {
  const partial = join(directory, partialName(identity.committedSteps, randomUUID()));
  await mkdir(partial, { recursive: true });
  try {
    const manifest: CheckpointManifest = {
      ...identity,
      files: {
        [modelFile]: await writeHashed(join(partial, modelFile), files[modelFile]),
        [optimizerFile]: await writeHashed(join(partial, optimizerFile), files[optimizerFile]),
      },
    };
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    await writeHashed(join(partial, manifestFile), new TextEncoder().encode(text));
    await syncFolder(partial);
    return await publish(directory, partial, identity.committedSteps);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

async function publish(
  directory: string,
  partial: string,
  committedSteps: number,
): Promise<string> {
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

function parameterTensors(content: CheckpointContent): Map<string, SafetensorsTensor> {
  return new Map(tensors(content.layout, content.parameters, ''));
}

function momentTensors(content: CheckpointContent): Map<string, SafetensorsTensor> {
  return new Map([
    ...tensors(content.layout, content.firstMoments, 'first_moment.'),
    ...tensors(content.layout, content.secondMoments, 'second_moment.'),
  ]);
}

function tensors(
  { entries }: CheckpointLayout,
  flat: Float32Array,
  prefix: string,
): [string, SafetensorsTensor][] {
  return entries.map(({ name, shape, offset, size }): [string, SafetensorsTensor] => {
    // Training's vectors are shared memory; the encoder copies out of any kind.
    const data = flat.subarray(offset, offset + size) as Float32Array<ArrayBuffer>;
    return [`${prefix}${name}`, { dtype: 'F32', shape, data }];
  });
}
