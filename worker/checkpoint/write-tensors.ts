/** One safetensors file of a checkpoint, out of a state, piece by piece. */
import { encodeHeader } from '../../shared/safetensors-header.js';
import { piecesOf } from '../../storage/pieces.js';
import { rangeOf, type TrainingState } from '../state/training-state.js';
import type { CheckpointTensor } from './checkpoint-folder.js';

/** The bytes of the file in order. A piece is valid until the next one is asked for. */
export async function* tensorPieces(
  state: TrainingState,
  tensors: readonly CheckpointTensor[],
  committedSteps: number,
): AsyncGenerator<Uint8Array> {
  const types = tensors.map(({ name, entry }) => [name, { dtype: 'F32', ...entry }] as const);
  yield encodeHeader(types, { format: 'pt', committed_steps: String(committedSteps) }).bytes;
  for (const { section, entry } of tensors) {
    for (const piece of piecesOf(rangeOf(entry))) yield state.read(section, piece);
  }
}
