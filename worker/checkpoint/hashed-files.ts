/** Files together with their digests, in pieces: a file may exceed what one call of Node moves. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';

export interface FileDigest {
  readonly bytes: number;
  readonly sha256: string;
}

const pieceBytes = 16 * 1024 * 1024;

/** Resolves once the bytes are on the disk itself. */
export async function writeHashed(path: string, content: Uint8Array): Promise<FileDigest> {
  const hash = createHash('sha256');
  await withFile(path, 'wx', async (file) => {
    for (let at = 0; at < content.byteLength; ) {
      const piece = content.subarray(at, at + pieceBytes);
      const { bytesWritten } = await file.write(piece);
      hash.update(piece.subarray(0, bytesWritten));
      at += bytesWritten;
    }
    await file.sync();
  });
  return { bytes: content.byteLength, sha256: hash.digest('hex') };
}

/** Digest of a file without keeping it in memory. */
export async function digestFile(path: string): Promise<FileDigest> {
  const hash = createHash('sha256');
  const piece = new Uint8Array(pieceBytes);
  let bytes = 0;
  await withFile(path, 'r', async (file) => {
    for (;;) {
      const { bytesRead } = await file.read(piece, 0, piece.byteLength, bytes);
      if (bytesRead === 0) return;
      hash.update(piece.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  });
  return { bytes, sha256: hash.digest('hex') };
}

/** The whole file; its digest is that of the bytes returned. Shorter where the file is. */
export async function readHashed(
  path: string,
  size: number,
): Promise<{ content: Uint8Array; digest: FileDigest }> {
  const content = new Uint8Array(size);
  const hash = createHash('sha256');
  let at = 0;
  await withFile(path, 'r', async (file) => {
    while (at < size) {
      const { bytesRead } = await file.read(content, at, Math.min(pieceBytes, size - at), at);
      if (bytesRead === 0) return;
      hash.update(content.subarray(at, at + bytesRead));
      at += bytesRead;
    }
  });
  return { content, digest: { bytes: at, sha256: hash.digest('hex') } };
}

/** Makes names in a folder survive a power cut: they are data of the folder, not of the files. */
export async function syncFolder(path: string): Promise<void> {
  await withFile(path, 'r', (folder) => folder.sync());
}

async function withFile(
  path: string,
  flags: string,
  use: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}
