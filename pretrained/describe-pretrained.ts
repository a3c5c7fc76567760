/** What there is to say of a pretrained model before anyone trains from it. */
import { openPretrained } from './open-pretrained.js';
import type { Family, PretrainedDecoder } from './pretrained-config.js';
import { elementsOf, type SourceTensor } from './tensor-source.js';
import { digestWeights } from './weight-files.js';

export interface PretrainedDescription {
  readonly path: string;
  readonly format: 'gguf' | 'folder';
  readonly files: readonly string[];
  readonly family: Family;
  /** The fields that a tower of a job takes from it. */
  readonly decoder: PretrainedDecoder;
  readonly vocabularySize: number;
  readonly tied: boolean;
  readonly window: number | null;
  readonly tensors: number;
  readonly parameters: number;
  /** How many numbers are stored as each type, the most first. */
  readonly dtypes: readonly { readonly dtype: string; readonly numbers: number }[];
  readonly sha256: string;
}

/** @throws PretrainedError naming what cannot be computed */
export async function describePretrained(path: string): Promise<PretrainedDescription> {
  const { config, files, source } = await openPretrained(path);
  await source.close();
  const { tensors } = source;
  return {
    path,
    format: files.kind,
    files: files.names,
    ...config,
    tensors: tensors.length,
    parameters: tensors.reduce((sum, tensor) => sum + elementsOf(tensor), 0),
    dtypes: countByType(tensors),
    sha256: await digestWeights(files),
  };
}

function countByType(tensors: readonly SourceTensor[]): PretrainedDescription['dtypes'] {
  const counts = new Map<string, number>();
  for (const tensor of tensors) {
    counts.set(tensor.dtype, (counts.get(tensor.dtype) ?? 0) + elementsOf(tensor));
  }
  return [...counts]
    .map(([dtype, numbers]) => ({ dtype, numbers }))
    .sort((a, b) => b.numbers - a.numbers);
}
