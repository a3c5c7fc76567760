/** A checkpoint as an audit looks at it: every byte read, nothing taken from its manifest on trust. */
import { createHash } from 'node:crypto';
import {
  decodeHeader,
  headerLength,
  lengthBytes,
  type TensorSpan,
} from '../../shared/safetensors-header.js';
import { piecesOf } from '../../storage/pieces.js';
import { type CheckpointExpectation, fileOf, modelFile } from '../checkpoint/checkpoint-folder.js';
import { newestCheckpoint } from '../checkpoint/newest-checkpoint.js';
import type { CheckpointFiles } from '../checkpoint/store/checkpoint-store.js';
import { openCheckpointFiles } from '../checkpoint/store/open-checkpoint-store.js';
import { readManifest } from '../checkpoint/verify-checkpoint.js';

export interface CheckedCheckpoint {
  readonly path: string;
  readonly committedSteps: number;
  /** Whether training had collapsed right there, so that its state is an older one. */
  readonly isRolledBack: boolean;
  /** What the manifest says. */
  readonly claimedSha256: string;
  /** `weightsDigest` of the weights that lie there. */
  readonly weightsSha256: string;
}

export interface CheckedCheckpoints {
  /** Null where none can be used. */
  readonly newest: CheckedCheckpoint | null;
  /** Why newer ones cannot be used. */
  readonly refused: readonly string[];
}

/** @param location of the run's checkpoints */
export async function checkNewestCheckpoint(
  location: string,
  expected: CheckpointExpectation,
): Promise<CheckedCheckpoints> {
  const { found, refused } = await newestCheckpoint(location, expected);
  const reasons = refused.map(({ message }) => message);
  if (found === null) return { newest: null, refused: reasons };
  const manifest = await readManifest(found.path, expected);
  const file = fileOf(manifest, modelFile);
  const weightsSha256 = await digestOfTensors(openCheckpointFiles(found.path), file);
  const claimedSha256 = manifest.weightsSha256;
  const isRolledBack =
    manifest.guard?.collapses.some(
      ({ committedSteps }) => committedSteps === found.committedSteps,
    ) ?? false;
  const newest = { ...found, isRolledBack, claimedSha256, weightsSha256 };
  return { newest, refused: reasons };
}

/** SHA-256 of the tensors of a file, in the order of their names. */
async function digestOfTensors(files: CheckpointFiles, file: string): Promise<string> {
  const bytes = await files.size(file);
  const read = async (begin: number, end: number): Promise<Buffer> => {
    const pieces: Uint8Array[] = [];
    for await (const piece of files.read(file, { begin, end })) pieces.push(Uint8Array.from(piece));
    return Buffer.concat(pieces);
  };
  const data = headerLength(await read(0, lengthBytes), bytes);
  const { tensors } = decodeHeader(await read(0, data), bytes);
  const hash = createHash('sha256');
  for (const { begin, end } of [...tensors].sort(byName)) {
    for (const piece of piecesOf({ begin: data + begin, end: data + end })) {
      for await (const part of files.read(file, piece)) hash.update(part);
    }
  }
  return hash.digest('hex');
}

/** By code units, as `weightsDigest` orders them. */
const byName = (a: TensorSpan, b: TensorSpan): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
