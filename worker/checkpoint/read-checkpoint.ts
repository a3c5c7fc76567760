import { join } from 'node:path';
import { decodeSafetensors, type SafetensorsTensor } from '../../shared/safetensors.js';
import type { ParameterEntry } from '../model/parameter-layout.js';
import { CheckpointError } from './checkpoint-error.js';
import {
  type CheckpointExpectation,
  type CheckpointLayout,
  type CheckpointManifest,
  type CheckpointVectors,
  modelFile,
  optimizerFile,
} from './checkpoint-folder.js';
import { readHashed } from './hashed-files.js';
import { checkDigest, checkSize, readManifest } from './verify-checkpoint.js';
import { weightsDigest } from './weights-digest.js';

export interface CheckpointState extends CheckpointVectors {
  readonly committedSteps: number;
  readonly weightsSha256: string;
}

type Tensors = ReadonlyMap<string, SafetensorsTensor>;

/**
 * Loads a checkpoint into new flat vectors of `layout`, whose gaps are zero.
 *
 * @throws CheckpointError where it is damaged, belongs to another job or dataset, or does not hold
 *   exactly the layout's parameters.
 */
export async function readCheckpoint(
  path: string,
  expected: CheckpointExpectation,
  layout: CheckpointLayout,
): Promise<CheckpointState> {
  const manifest = await readManifest(path, expected);
  const flat = (tensors: Tensors, prefix: string): Float32Array =>
    gathered(path, layout, tensors, prefix);

  const model = await readTensors(path, modelFile, manifest);
  checkCount(path, modelFile, model.size, layout.entries.length);
  const parameters = flat(model, '');
  if (weightsDigest(layout.entries, parameters) !== manifest.weightsSha256) {
    throw new CheckpointError(path, `${modelFile} does not hold the weights of the manifest`);
  }
  const optimizer = await readTensors(path, optimizerFile, manifest);
  checkCount(path, optimizerFile, optimizer.size, 2 * layout.entries.length);
  return {
    committedSteps: manifest.committedSteps,
    weightsSha256: manifest.weightsSha256,
    parameters,
    firstMoments: flat(optimizer, 'first_moment.'),
    secondMoments: flat(optimizer, 'second_moment.'),
  };
}

async function readTensors(
  path: string,
  name: keyof CheckpointManifest['files'],
  manifest: CheckpointManifest,
): Promise<Tensors> {
  await checkSize(path, name, manifest);
  const { content, digest } = await readHashed(join(path, name), manifest.files[name].bytes);
  checkDigest(path, name, manifest, digest);
  try {
    return decodeSafetensors(content);
  } catch (cause) {
    throw new CheckpointError(path, `${name}: ${(cause as Error).message}`, { cause });
  }
}

function checkCount(path: string, name: string, is: number, expected: number): void {
  if (is === expected) return;
  throw new CheckpointError(path, `${name} has ${is} tensors: the model needs ${expected}`);
}

function gathered(
  path: string,
  layout: CheckpointLayout,
  tensors: Tensors,
  prefix: string,
): Float32Array {
  const flat = new Float32Array(layout.length);
  for (const entry of layout.entries) {
    flat.set(floats(path, entry, `${prefix}${entry.name}`, tensors), entry.offset);
  }
  return flat;
}

function floats(path: string, entry: ParameterEntry, name: string, tensors: Tensors): Float32Array {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new CheckpointError(path, `the tensor "${name}" is missing`);
  const { data, dtype, shape } = tensor;
  if (!(data instanceof Float32Array) || shape.join() !== entry.shape.join()) {
    throw new CheckpointError(
      path,
      `the tensor "${name}" is ${dtype} [${shape}]: the model needs F32 [${entry.shape}]`,
    );
  }
  return data;
}
