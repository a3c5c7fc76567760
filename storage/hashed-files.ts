/**
 * Large files together with their digests, in pieces: a file may exceed what one call of Node
 * moves, and what should be in memory.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { filePieceBytes } from '../shared/limits.js';
import { type ByteRange, piecesOf } from './pieces.js';

export interface FileDigest {
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

export type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Writes a new file, and resolves once its bytes are on the disk itself. A piece may be reused by
 * whoever made it as soon as the next one is asked for.
 */
export async function writeHashed(path: string, pieces: Pieces): Promise<FileDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  await withFile(path, 'wx', async (file) => {
    for await (const piece of pieces) {
      // The disk works while this thread hashes.
      const written = writeAll(file, piece, bytes);
      hash.update(piece);
      bytes += piece.byteLength;
      await written;
    }
    await file.sync();
  });
  return { bytes, sha256: hash.digest('hex') };
}

/** One write may stop early, for instance where a disk is almost full: the next one says so. */
async function writeAll(file: FileHandle, piece: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < piece.byteLength; ) {
    at += (await file.write(piece, at, piece.byteLength - at, position + at)).bytesWritten;
  }
}

/** Digest of a file without keeping it in memory. */
export async function digestFile(path: string): Promise<FileDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  await withFile(path, 'r', async (file) => {
    const all = { begin: 0, end: Number.POSITIVE_INFINITY };
    for await (const piece of readPieces(file, all)) {
      hash.update(piece);
      bytes += piece.byteLength;
    }
  });
  return { bytes, sha256: hash.digest('hex') };
}

/**
 * The bytes of a range in order, fewer where the file ends. The disk reads one piece ahead; a piece
 * is valid until the next one is asked for.
 */
export async function* readPieces(file: FileHandle, range: ByteRange): AsyncGenerator<Uint8Array> {
  const most = Math.min(filePieceBytes, range.end - range.begin);
  const memory = [new Uint8Array(most), new Uint8Array(most)] as const;
  const read = ({ begin, end }: ByteRange, turn: number) => {
    const reading = readAll(file, memory[turn % 2] as Uint8Array, begin, end - begin);
    // Met by whoever waits for this piece, which may be nobody.
    reading.catch(() => undefined);
    return reading;
  };
  let turn = 0;
  let ahead: Promise<Uint8Array> | null = null;
  for (const piece of piecesOf(range)) {
    const before = ahead;
    ahead = read(piece, turn++);
    if (before === null) continue;
    const bytes = await before;
    yield bytes;
    if (bytes.byteLength < most) return;
  }
  if (ahead !== null) yield await ahead;
}

/** A range in memory of its own, fewer bytes where the file ends. For small ones. */
export const readBytes = (file: FileHandle, { begin, end }: ByteRange): Promise<Uint8Array> =>
  readAll(file, new Uint8Array(end - begin), begin, end - begin);

/** Fills `memory` from a place in the file on; returns as much of it as the file has. */
export const readInto = (
  file: FileHandle,
  memory: Uint8Array,
  position: number,
): Promise<Uint8Array> => readAll(file, memory, position, memory.byteLength);

/** Fills `length` bytes of `memory`, fewer where the file ends. */
async function readAll(
  file: FileHandle,
  memory: Uint8Array,
  position: number,
  length: number,
): Promise<Uint8Array> {
  let at = 0;
  while (at < length) {
    const { bytesRead } = await file.read(memory, at, length - at, position + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return memory.subarray(0, at);
}

/** Makes names in a folder survive a power cut: they are data of the folder, not of the files. */
export async function syncFolder(path: string): Promise<void> {
  await withFile(path, 'r', (folder) => folder.sync());
}

export async function withFile<T>(
  path: string,
  flags: string,
  use: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await open(path, flags);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
