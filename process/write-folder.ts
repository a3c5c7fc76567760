import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { syncFolder } from '../storage/hashed-files.js';
import { isPartial, sweepAbandoned, temporaryName } from './ownership/temporary-name.js';

export interface FolderWish<Result> {
  readonly directory: string;
  /** What is thrown where the folder exists. */
  readonly exists: (directory: string, cause?: unknown) => Error;
  /** Writes what belongs into the folder, under another name for now. */
  readonly fill: (temporary: string) => Promise<Result>;
}

/**
 * Makes a folder that is whole or absent: it appears under its name in one rename, after everything in
 * it has been written. What a killed process has left of an earlier attempt is removed.
 */
export async function writeFolder<Result>(wish: FolderWish<Result>): Promise<Result> {
  const target = resolve(wish.directory);
  await requireNoFolder(target, wish.exists);
  // Beside the target, because a rename does not cross file systems.
  const parent = dirname(target);
  await mkdir(parent, { recursive: true });
  sweepAbandoned(parent, (name) => name.startsWith(`.${basename(target)}.`) && isPartial(name));
  const temporary = join(parent, temporaryName(basename(target)));
  await mkdir(temporary);
  try {
    const result = await wish.fill(temporary);
    await syncFolder(temporary);
    await rename(temporary, target).catch((cause: unknown) => {
      throw wish.exists(target, cause);
    });
    await syncFolder(parent);
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** Checked before the work as well, so that it does not end with this after an hour. */
export async function requireNoFolder(
  directory: string,
  exists: FolderWish<unknown>['exists'],
): Promise<void> {
  if ((await stat(directory).catch(() => null)) !== null) throw exists(directory);
}
