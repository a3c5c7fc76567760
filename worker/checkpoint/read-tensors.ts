/** One safetensors file of a checkpoint, read once from its start to its end into a state. */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import {
  decodeHeader,
  headerLength,
  inFileOrder,
  lengthBytes,
  type TensorSpan,
} from '../../shared/safetensors-header.js';
import { type FileDigest, readBytes, readPieces } from '../../storage/hashed-files.js';
import { rangeOf, type StateSection, type TrainingState } from '../state/training-state.js';
import type { CheckpointTensor } from './checkpoint-folder.js';

/** The file holds other tensors than the model has. */
export class TensorMismatchError extends Error {
  override readonly name = 'TensorMismatchError';
  readonly code = 'TENSOR_MISMATCH';
}

/** What a file's header says, laid over the state that it is for. */
export interface TensorFile {
  readonly header: Uint8Array;
  readonly bytes: number;
  /** In the order of the file; each begins in it where the one before ends. */
  readonly targets: readonly Target[];
}

interface Target {
  /** In bytes, behind the header. */
  readonly end: number;
  readonly section: StateSection;
  /** Add it to a place in the file for the place in the section. */
  readonly shift: number;
}

/** @throws SafetensorsError, TensorMismatchError */
export async function locateTensors(
  handle: FileHandle,
  bytes: number,
  wanted: readonly CheckpointTensor[],
): Promise<TensorFile> {
  const start = await readBytes(handle, { begin: 0, end: lengthBytes });
  const header = await readBytes(handle, { begin: 0, end: headerLength(start, bytes) });
  const { tensors } = decodeHeader(header, bytes);
  const found = new Map(tensors.map((span) => [span.name, span]));
  const targets = new Map(wanted.map((tensor) => [tensor.name, targetOf(tensor, found)]));
  const foreign = tensors.find(({ name }) => !targets.has(name));
  if (foreign !== undefined) {
    throw new TensorMismatchError(
      `it has ${tensors.length} tensors, "${foreign.name}" among them: ` +
        `the model needs ${wanted.length}, and none of that name`,
    );
  }
  return {
    header,
    bytes,
    targets: inFileOrder(tensors).map(({ name }) => targets.get(name) as Target),
  };
}

function targetOf(
  { name, section, entry }: CheckpointTensor,
  found: ReadonlyMap<string, TensorSpan>,
): Target {
  const span = found.get(name);
  if (span === undefined) throw new TensorMismatchError(`the tensor "${name}" is missing`);
  const { dtype, shape, begin, end } = span;
  if (dtype !== 'F32' || shape.join() !== entry.shape.join()) {
    throw new TensorMismatchError(
      `the tensor "${name}" is ${dtype} [${shape}]: the model needs F32 [${entry.shape}]`,
    );
  }
  return { end, section, shift: rangeOf(entry).begin - begin };
}

/** Fills the state; the digest is that of the very bytes that went into it. */
export async function fillTensors(
  handle: FileHandle,
  { header, bytes, targets }: TensorFile,
  state: TrainingState,
): Promise<FileDigest> {
  const hash = createHash('sha256').update(header);
  let at = 0;
  let index = 0;
  for await (const piece of readPieces(handle, { begin: header.byteLength, end: bytes })) {
    hash.update(piece);
    for (let used = 0; used < piece.byteLength; ) {
      const { end, section, shift } = targets[index] as Target;
      const part = piece.subarray(used, used + end - at);
      await state.write(section, at + shift, part);
      used += part.byteLength;
      at += part.byteLength;
      if (at === end) index++;
    }
  }
  return { bytes: header.byteLength + at, sha256: hash.digest('hex') };
}
