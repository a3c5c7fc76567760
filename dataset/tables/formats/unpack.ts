/** Unpacks a compressed file while it is read: memory for a window, whatever the file's size. */
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { limits } from '../../limits.js';

/** The bytes are not what their first ones promise. */
export class UnpackError extends Error {
  override readonly name = 'UnpackError';
  readonly code = 'BAD_PACKING';
}

export type Unpack = (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/** One member after the other, as `cat a.gz b.gz` makes them. */
export async function* gunzip(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const source = Readable.from(chunks);
  const unpacked = source.pipe(createGunzip());
  source.once('error', (error) => unpacked.destroy(error));
  try {
    for await (const chunk of unpacked as AsyncIterable<Uint8Array>) yield chunk;
  } catch (cause) {
    // An error of the file itself comes through as it is.
    if (!(cause as { code?: string }).code?.startsWith('Z_')) throw cause;
    throw damaged('gzip', cause);
  } finally {
    source.destroy();
    unpacked.destroy();
  }
}

/** One frame after the other. */
export async function* unzstd(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let unpacked: Uint8Array[] = [];
  const decompress = new Decompress((chunk) => unpacked.push(chunk));
  const push = (chunk: Uint8Array, last: boolean): readonly Uint8Array[] => {
    unpacked = [];
    try {
      decompress.push(chunk, last);
    } catch (cause) {
      throw damaged('zstd', cause);
    }
    return unpacked;
  };
  let isFirst = true;
  for await (const chunk of chunks) {
    if (isFirst) checkWindow(chunk);
    isFirst = false;
    // In small pieces, because one piece of much-repeated text unpacks to thousands of times its size.
    for (let at = 0; at < chunk.length; at += pieceBytes) {
      yield* push(chunk.subarray(at, at + pieceBytes), false);
    }
  }
  yield* push(new Uint8Array(0), true);
}

const pieceBytes = 4096;

/** RFC 8878, section 3.1.1.1.2: how much memory unpacking takes. */
function checkWindow(start: Uint8Array): void {
  const [descriptor = 0, window = 0] = start.subarray(4, 6);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const bytes = 2 ** (10 + (window >> 3)) * (1 + (window & 7) / 8);
  if (isSingleSegment || bytes <= limits.unpackWindowBytes) return;
  throw new UnpackError(
    `its zstd window has ${bytes} bytes: at most ${limits.unpackWindowBytes} are allowed: pack it without --long`,
  );
}

function damaged(format: string, cause: unknown): UnpackError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new UnpackError(`its ${format} data is damaged or ends early: ${why}`, { cause });
}
