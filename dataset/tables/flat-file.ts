/**
 * Typed arrays as files: little-endian, nothing but the values, hashed while they are written and
 * read. In pieces, because one call to the system moves at most 2 GiB.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { DatasetError } from '../dataset-error.js';

const pieceBytes = 16 * 1024 * 1024;

export interface FileEntry {
  readonly name: string;
  readonly bytes: number;
  /** SHA-256 of the contents, in hexadecimal. */
  readonly sha256: string;
}

export async function writeFlatFile(
  directory: string,
  name: string,
  values: ArrayBufferView,
): Promise<FileEntry> {
  requireLittleEndian();
  const hash = createHash('sha256');
  const handle = await open(join(directory, name), 'wx');
  try {
    for (let at = 0; at < values.byteLength; at += pieceBytes) {
      const length = Math.min(pieceBytes, values.byteLength - at);
      const piece = new Uint8Array(values.buffer, values.byteOffset + at, length);
      hash.update(piece);
      // writeFile goes on until everything is written, where write may stop early.
      await handle.writeFile(piece);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { name, bytes: values.byteLength, sha256: hash.digest('hex') };
}

export interface ReadOptions<B extends ArrayBufferLike> {
  /** Whether the digest is compared; the size always is. */
  readonly verify: boolean;
  /** Of what the contents are read into: memory of this thread, or shared. */
  readonly Buffer: new (
    bytes: number,
  ) => B;
}

/**
 * Reads a file that the manifest lists.
 *
 * @throws DatasetError
 */
export async function readFlatFile<B extends ArrayBufferLike>(
  directory: string,
  { name, bytes, sha256 }: FileEntry,
  { verify, Buffer }: ReadOptions<B>,
): Promise<B> {
  requireLittleEndian();
  const file = join(directory, name);
  const handle = await open(file).catch((cause: unknown) => {
    throw damaged(file, 'it cannot be opened', cause);
  });
  try {
    const { size } = await handle.stat();
    if (size !== bytes) throw damaged(file, `it has ${size} bytes: it should have ${bytes}`);
    const buffer = new Buffer(bytes);
    const hash = createHash('sha256');
    for (let at = 0; at < bytes; ) {
      const piece = new Uint8Array(buffer, at, Math.min(pieceBytes, bytes - at));
      const { bytesRead } = await handle.read(piece, 0, piece.length);
      if (bytesRead === 0) throw damaged(file, `it ends after ${at} bytes of ${bytes}`);
      if (verify) hash.update(piece.subarray(0, bytesRead));
      at += bytesRead;
    }
    const digest = verify ? hash.digest('hex') : sha256;
    if (digest !== sha256) {
      throw damaged(file, `its SHA-256 is ${digest}: dataset.json says ${sha256}`);
    }
    return buffer;
  } finally {
    await handle.close();
  }
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
