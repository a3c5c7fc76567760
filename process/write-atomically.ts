import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { storingSync } from '../storage/storage-error.js';
import { temporaryName } from './ownership/temporary-name.js';

/**
 * Writes a small file so that a reader, or a power cut, finds the old text or the new one whole.
 *
 * @throws StorageError
 */
export function writeAtomically(path: string, text: string): void {
  storingSync('a file', path, () => replace(path, text));
}

function replace(path: string, text: string): void {
  const temporary = join(dirname(path), temporaryName(basename(path)));
  try {
    const file = openSync(temporary, 'wx');
    try {
      // On a disk that is almost full writeSync may stop early, and say nothing.
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
