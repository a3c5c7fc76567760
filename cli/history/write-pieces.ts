import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { temporaryName } from '../../process/ownership/temporary-name.js';
import { storingSync } from '../../storage/storage-error.js';

export type Pieces = AsyncIterable<string | Buffer>;

/** Bytes that are gathered before they are written. */
const bundleBytes = 256 * 1024;

/**
 * Writes a file that appears under its name when it is whole, in place of one that is there.
 *
 * @throws StorageError
 */
export async function writePieces(path: string, pieces: Pieces): Promise<void> {
  const store = <Result>(work: () => Result): Result => storingSync('a file', path, work);
  const temporary = join(dirname(path), temporaryName(basename(path)));
  const file = store(() => openSync(temporary, 'wx'));
  try {
    let bundle: Buffer[] = [];
    let bytes = 0;
    const flush = (): void => {
      store(() => writeFileSync(file, Buffer.concat(bundle)));
      bundle = [];
      bytes = 0;
    };
    for await (const piece of pieces) {
      const added = Buffer.from(piece as string);
      bundle.push(added);
      bytes += added.length;
      if (bytes >= bundleBytes) flush();
    }
    flush();
    store(() => fsyncSync(file));
    store(() => renameSync(temporary, path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}
