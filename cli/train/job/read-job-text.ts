import { closeSync, openSync, readSync } from 'node:fs';
import { longestJobText } from '../../../shared/job-spec/job-spec.js';
import { UsageError } from '../../usage-error.js';

/** A character takes at most so many bytes. */
const mostBytes = 4 * longestJobText;

/**
 * The text of a job's file, which may be anything that a user names by mistake.
 *
 * @throws UsageError
 */
export function readJobText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readStart(file, mostBytes + 1);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const rule = code === 'EISDIR' ? ': it is a folder: it must be a file of YAML' : '';
    throw new UsageError(`Cannot read the job: ${message}${rule}`, { cause });
  }
  if (bytes.length > mostBytes) {
    throw new UsageError(
      `Cannot read the job "${file}": it must have at most ${mostBytes} bytes: it has more`,
    );
  }
  if (isUtf16(bytes)) {
    throw new UsageError(
      `Cannot read the job "${file}": it must be in UTF-8: it is in UTF-16: save it as UTF-8`,
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new UsageError(`Cannot read the job "${file}": it must be text in UTF-8: it is not`, {
      cause,
    });
  }
}

/** Not the whole of a file that somebody names by mistake, or of a device without an end. */
function readStart(file: string, most: number): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const pieces: Buffer[] = [];
    let size = 0;
    while (size < most) {
      const piece = Buffer.alloc(Math.min(64 * 1024, most - size));
      const count = readSync(descriptor, piece, 0, piece.length, null);
      if (count === 0) break;
      pieces.push(piece.subarray(0, count));
      size += count;
    }
    return Buffer.concat(pieces);
  } finally {
    closeSync(descriptor);
  }
}

/** By its mark, or by the zero bytes beside ASCII, which no YAML has. */
function isUtf16(bytes: Buffer): boolean {
  if (bytes.length < 2) return false;
  const mark = bytes.readUInt16BE(0);
  return mark === 0xfffe || mark === 0xfeff || bytes[0] === 0 || bytes[1] === 0;
}
