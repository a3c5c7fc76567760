import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { temporaryName } from './temporary-name.js';

/** Writes a small file so that a reader, or a power cut, finds the old text or the new one whole. */
export function writeAtomically(path: string, text: string): void {
  const temporary = join(dirname(path), temporaryName(basename(path)));
  try {
    const file = openSync(temporary, 'wx');
    try {
      writeSync(file, text);
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
