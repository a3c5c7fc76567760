/** A safetensors file of float32 tensors that are made one after the other. */
import { encodeHeader } from '../../../shared/safetensors-header.js';
import { pieceViews } from '../../../storage/pieces.js';
import type { ExportedTensor } from './exported-tensors.js';

/** The bytes of the file in order. A piece is valid until the next one is asked for. */
export function* tensorFilePieces(
  tensors: readonly ExportedTensor[],
  metadata: Readonly<Record<string, string>>,
): Generator<Uint8Array> {
  const types = tensors.map(({ name, shape }) => [name, { dtype: 'F32' as const, shape }] as const);
  yield encodeHeader(types, { format: 'pt', ...metadata }).bytes;
  for (const tensor of tensors) {
    for (const values of tensor.values()) yield* pieceViews(values);
  }
}

/** Of the tensors alone. */
export const bytesOfTensors = (tensors: readonly ExportedTensor[]): number =>
  tensors.reduce(
    (sum, { shape }) => sum + shape.reduce((product, extent) => product * extent, 4),
    0,
  );
