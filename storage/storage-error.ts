import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * A disk refused what had to be written: whoever can must make room or give the right, then go on.
 * Node's own message names neither the file nor the room that is left.
 */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: 'DISK_FULL' | 'STORAGE';
  readonly path: string;

  constructor(code: StorageError['code'], message: string, path: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.path = path;
  }
}

/** A store does not let this user in, or has no such bucket: its settings must change first. */
export class StoreRefusedError extends Error {
  override readonly name = 'StoreRefusedError';
  readonly code = 'STORE_REFUSED';
}

/** @param free bytes of the file's disk that this user may still write; null where unknown. */
function refusal(
  what: string,
  path: string,
  free: number | null,
  cause: NodeJS.ErrnoException,
): StorageError {
  const full = isFull(cause);
  const room = free === null ? '' : `, ${sizeText(free)} are free`;
  const reason = full ? `the disk is full (${cause.code}${room})` : cause.message;
  const message = `Cannot write ${what} to ${path}: ${reason}`;
  return new StorageError(full ? 'DISK_FULL' : 'STORAGE', message, path, { cause });
}

/** No block is left, or none of this user's. */
const isFull = ({ code }: NodeJS.ErrnoException): boolean => code === 'ENOSPC' || code === 'EDQUOT';

const isErrno = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';

/**
 * Runs `work`, which writes `what` to `path`.
 *
 * @throws StorageError in place of what the system threw; other errors pass.
 */
export async function storing<T>(
  what: string,
  path: string,
  work: () => Promise<T>,
  free: (path: string) => Promise<number | null> = freeBytes,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isErrno(error)) throw error;
    throw refusal(what, path, await free(path), error);
  }
}

/** The same for work that does not wait. */
export function storingSync<T>(what: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isErrno(error)) throw error;
    throw refusal(what, path, freeBytesSync(path), error);
  }
}

/**
 * Refuses, before it is begun, what the disk has no room for.
 *
 * @throws StorageError
 */
export async function requireRoom(
  what: string,
  path: string,
  bytes: number,
  free: (path: string) => Promise<number | null> = freeBytes,
): Promise<void> {
  const room = await free(path);
  if (room === null || room >= bytes) return;
  const message =
    `Cannot write ${what} to ${path}: ${sizeText(bytes)} are needed: ` +
    `${sizeText(room)} are free on its disk`;
  throw new StorageError('DISK_FULL', message, path);
}

/** Bytes that may still be written beside `path`, which need not exist; null where nobody knows. */
export const freeBytes = async (path: string): Promise<number | null> => freeBytesSync(path);

function freeBytesSync(path: string): number | null {
  for (let at = path; ; at = dirname(at)) {
    try {
      const { bavail, bsize } = statfsSync(at);
      return bavail * bsize;
    } catch {
      if (dirname(at) === at) return null;
    }
  }
}

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `3 bytes`, `1.5 GiB`. */
export function sizeText(bytes: number): string {
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return power === 0 ? `${bytes} bytes` : `${(bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}
