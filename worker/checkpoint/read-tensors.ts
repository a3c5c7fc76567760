/** One safetensors file of a checkpoint, read once from its start to its end into a state. */
import { createHash } from 'node:crypto';
import {
  decodeHeader,
  headerLength,
  inFileOrder,
  lengthBytes,
  type TensorSpan,
} from '../../shared/safetensors-header.js';
import type { FileDigest } from '../../storage/hashed-files.js';
import type { ByteRange } from '../../storage/pieces.js';
import { rangeOf, type StateSection, type TrainingState } from '../state/training-state.js';
import type { CheckpointTensor } from './checkpoint-folder.js';

/** The file holds other tensors than the model has. */
export class TensorMismatchError extends Error {
  override readonly name = 'TensorMismatchError';
  readonly code = 'TENSOR_MISMATCH';
}

/** The bytes of a range of a file in order; a piece is valid until the next one is asked for. */
export type ReadRange = (range: ByteRange) => AsyncIterable<Uint8Array>;

/** What a file's header says, laid over the state that it is for. */
export interface TensorFile {
  readonly header: Uint8Array;
  readonly bytes: number;
  /** In the order of the file; each begins in it where the one before ends. */
  readonly targets: readonly Target[];
  /** Names of the wanted tensors that it has. */
  readonly found: ReadonlySet<string>;
  /** Names of those that it has and nobody wants. */
  readonly foreign: readonly string[];
}

interface Target {
  /** In bytes, behind the header. */
  readonly end: number;
  /** Null where nobody wants the tensor. */
  readonly section: StateSection | null;
  /** Add it to a place in the file for the place in the section. */
  readonly shift: number;
}

/** How far a file may differ from what is wanted. */
export interface Tolerance {
  /** Whether a wanted tensor may be missing. */
  mayLack(name: string): boolean;
  /** Whether a tensor that nobody wants may be there. */
  mayHave(name: string): boolean;
}

const exact: Tolerance = { mayLack: () => false, mayHave: () => false };

/** @throws SafetensorsError, TensorMismatchError */
export async function locateTensors(
  read: ReadRange,
  bytes: number,
  wanted: readonly CheckpointTensor[],
  { mayLack, mayHave }: Tolerance = exact,
): Promise<TensorFile> {
  const start = await bytesOf(read, { begin: 0, end: lengthBytes });
  const header = await bytesOf(read, { begin: 0, end: headerLength(start, bytes) });
  const { tensors } = decodeHeader(header, bytes);
  const spans = new Map(tensors.map((span) => [span.name, span]));
  const present = wanted.filter(({ name }) => spans.has(name) || !mayLack(name));
  const targets = new Map(present.map((tensor) => [tensor.name, targetOf(tensor, spans)]));
  const foreign = tensors.map(({ name }) => name).filter((name) => !targets.has(name));
  const refused = foreign.find((name) => !mayHave(name));
  if (refused !== undefined) {
    throw new TensorMismatchError(
      `it has ${tensors.length} tensors, "${refused}" among them: ` +
        `the model needs ${wanted.length}, and none of that name`,
    );
  }
  return {
    header,
    bytes,
    targets: inFileOrder(tensors).map(
      ({ name, end }) => targets.get(name) ?? { end, section: null, shift: 0 },
    ),
    found: new Set(targets.keys()),
    foreign,
  };
}

/** A range in memory of its own, fewer bytes where the file ends. For small ones. */
async function bytesOf(read: ReadRange, range: ByteRange): Promise<Uint8Array> {
  const bytes = new Uint8Array(range.end - range.begin);
  let at = 0;
  for await (const piece of read(range)) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes.subarray(0, at);
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
  read: ReadRange,
  { header, bytes, targets }: TensorFile,
  state: TrainingState,
): Promise<FileDigest> {
  const hash = createHash('sha256').update(header);
  let at = 0;
  let index = 0;
  for await (const piece of read({ begin: header.byteLength, end: bytes })) {
    hash.update(piece);
    for (let used = 0; used < piece.byteLength; ) {
      const { end, section, shift } = targets[index] as Target;
      const part = piece.subarray(used, used + end - at);
      if (section !== null) await state.write(section, at + shift, part);
      used += part.byteLength;
      at += part.byteLength;
      if (at === end) index++;
    }
  }
  return { bytes: header.byteLength + at, sha256: hash.digest('hex') };
}
