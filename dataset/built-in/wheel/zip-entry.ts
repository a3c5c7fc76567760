/**
 * Reads single entries out of a ZIP archive held in memory: enough of the format (PKWARE APPNOTE
 * 4.3) for Python wheels, which are stored or deflated and below 4 GiB. CRCs are not compared: the
 * caller knows the SHA-256 of what it wants.
 */
import { inflateRawSync } from 'node:zlib';

export class ZipError extends Error {
  override readonly name = 'ZipError';
  readonly code = 'BAD_ZIP';
}

const endOfDirectory = 0x06054b50;
const directoryEntry = 0x02014b50;
const localHeader = 0x04034b50;
const endLength = 22;
const longestComment = 65_535;

/**
 * The contents of the entry with exactly this name.
 *
 * @param limit bytes that the entry may have, so that a small archive cannot fill the memory
 * @throws ZipError where there is none, or it is damaged
 */
export function readZipEntry(archive: Buffer, name: string, limit: number): Buffer {
  try {
    return extract(archive, name, limit);
  } catch (cause) {
    if (cause instanceof ZipError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ZipError(`Cannot read "${name}" of the archive: it is damaged: ${why}`, { cause });
  }
}

function extract(archive: Buffer, name: string, limit: number): Buffer {
  const end = findEnd(archive);
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    if (archive.readUInt32LE(at) !== directoryEntry)
      throw new ZipError('Cannot read the archive: its directory is damaged');
    const nameLength = archive.readUInt16LE(at + 28);
    if (archive.toString('utf8', at + 46, at + 46 + nameLength) === name) {
      return readEntry(archive, at, name, limit);
    }
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  throw new ZipError(`Cannot read "${name}" of the archive: there is no such entry`);
}

function findEnd(archive: Buffer): number {
  const first = Math.max(0, archive.length - endLength - longestComment);
  for (let at = archive.length - endLength; at >= first; at--) {
    if (archive.readUInt32LE(at) === endOfDirectory) return at;
  }
  throw new ZipError('Cannot read the archive: it is no ZIP file');
}

function readEntry(archive: Buffer, entry: number, name: string, limit: number): Buffer {
  const method = archive.readUInt16LE(entry + 10);
  const packed = archive.readUInt32LE(entry + 20);
  const size = archive.readUInt32LE(entry + 24);
  const local = archive.readUInt32LE(entry + 42);
  if (size > limit) {
    throw new ZipError(
      `Cannot read "${name}" of the archive: it has ${size} bytes: at most ${limit} are allowed`,
    );
  }
  if (archive.readUInt32LE(local) !== localHeader || (method !== 0 && method !== 8)) {
    throw new ZipError(`Cannot read "${name}" of the archive: its header is damaged`);
  }
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const data = archive.subarray(start, start + packed);
  const contents =
    method === 0 ? data : inflateRawSync(data, { maxOutputLength: Math.max(1, size) });
  if (contents.length !== size) {
    throw new ZipError(`Cannot read "${name}" of the archive: it should have ${size} bytes`);
  }
  return contents;
}
