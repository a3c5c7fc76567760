/**
 * Typed arrays as files: little-endian, nothing but the values, hashed while they are written and
 * read. In pieces, so that a file may have any size.
 */
import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { readPieces, writeHashed } from '../../storage/hashed-files.js';
import { pieceViews } from '../../storage/pieces.js';
import { storing } from '../../storage/storage-error.js';
import { DatasetError } from '../dataset-error.js';
import { fileIdentity } from '../verification/file-identity.js';
import type { Verification } from '../verification/verification.js';

export interface FileEntry {
  readonly name: string;
  readonly bytes: number;
  /** SHA-256 of the contents, in hexadecimal. */
  readonly sha256: string;
}

/** @throws StorageError */
export async function writeFlatFile(
  directory: string,
  name: string,
  values: ArrayBufferView,
): Promise<FileEntry> {
  requireLittleEndian();
  const path = join(directory, name);
  const write = () => writeHashed(path, pieceViews(values));
  return { name, ...(await storing('the dataset', path, write)) };
}

export interface ReadOptions<B extends ArrayBufferLike> {
  readonly verification: Verification;
  /** Of what the contents are read into: memory of this thread, or shared. */
  readonly Buffer: new (
    bytes: number,
  ) => B;
}

/**
 * Reads a file that the manifest lists; its size is checked in any case.
 *
 * @throws DatasetError
 */
export async function readFlatFile<B extends ArrayBufferLike>(
  directory: string,
  entry: FileEntry,
  { verification, Buffer }: ReadOptions<B>,
): Promise<B> {
  requireLittleEndian();
  const file = join(directory, entry.name);
  return withEntry(file, entry, async (handle, stats) => {
    const buffer = new Buffer(entry.bytes);
    const known = verification.isVerified(entry, stats);
    const sha256 = await readAll(file, handle, entry, !known, (piece, at) => {
      new Uint8Array(buffer, at, piece.byteLength).set(piece);
    });
    await settle(file, handle, { entry, stats, sha256, verification });
    return buffer;
  });
}

/**
 * Compares a file that the manifest lists with its digest, unless that has been done.
 *
 * @throws DatasetError
 */
export async function verifyFlatFile(
  directory: string,
  entry: FileEntry,
  verification: Verification,
): Promise<void> {
  const file = join(directory, entry.name);
  await withEntry(file, entry, async (handle, stats) => {
    if (verification.isVerified(entry, stats)) return;
    const sha256 = await readAll(file, handle, entry, true, () => undefined);
    await settle(file, handle, { entry, stats, sha256, verification });
  });
}

async function withEntry<T>(
  file: string,
  { bytes }: FileEntry,
  use: (handle: FileHandle, stats: BigIntStats) => Promise<T>,
): Promise<T> {
  const handle = await open(file).catch((cause: unknown) => {
    throw damaged(file, 'it cannot be opened', cause);
  });
  try {
    const stats = await handle.stat({ bigint: true });
    if (stats.size !== BigInt(bytes)) {
      throw damaged(file, `it has ${stats.size} bytes: it should have ${bytes}`);
    }
    return await use(handle, stats);
  } finally {
    await handle.close();
  }
}

/** The digest of what was read; null where it is not wanted. */
async function readAll(
  file: string,
  handle: FileHandle,
  { bytes }: FileEntry,
  hashed: boolean,
  take: (piece: Uint8Array, at: number) => void,
): Promise<string | null> {
  const hash = createHash('sha256');
  let at = 0;
  for await (const piece of readPieces(handle, { begin: 0, end: bytes })) {
    if (hashed) hash.update(piece);
    take(piece, at);
    at += piece.byteLength;
  }
  if (at < bytes) throw damaged(file, `it ends after ${at} bytes of ${bytes}`);
  return hashed ? hash.digest('hex') : null;
}

/** What was remembered of a file, or is to be, must have held while it was read. */
async function settle(
  file: string,
  handle: FileHandle,
  read: {
    readonly entry: FileEntry;
    readonly stats: BigIntStats;
    readonly sha256: string | null;
    readonly verification: Verification;
  },
): Promise<void> {
  const { entry, stats, sha256, verification } = read;
  if (sha256 !== null && sha256 !== entry.sha256) {
    throw damaged(file, `its SHA-256 is ${sha256}: dataset.json says ${entry.sha256}`);
  }
  const after = await handle.stat({ bigint: true });
  if (fileIdentity(after) !== fileIdentity(stats)) {
    throw damaged(file, 'it changed while it was read');
  }
  verification.passed(entry, stats);
}

export function damaged(file: string, what: string, cause?: unknown): DatasetError {
  return new DatasetError('DAMAGED_DATASET', `Cannot use ${file}: ${what}`, { file, cause });
}

function requireLittleEndian(): void {
  if (endianness() !== 'LE') {
    throw new DatasetError(
      'BAD_OPTION',
      'Cannot use datasets on this machine: it is big-endian: dataset files are little-endian',
    );
  }
}
