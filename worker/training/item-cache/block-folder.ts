/**
 * Blocks of numbers that can be computed again, each in a file of its own that vouches for itself: a
 * fill that was interrupted goes on, and a block that is damaged is as good as none.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  isPartial,
  sweepAbandoned,
  temporaryName,
} from '../../../process/ownership/temporary-name.js';
import { storing } from '../../../storage/storage-error.js';

const digestBytes = 32;

/** Where blocks are kept. */
export interface Blocks {
  /** Fills `values`; false where there is no whole block of that length. */
  read(block: number, values: Float32Array): Promise<boolean>;
  write(block: number, values: Float32Array): Promise<void>;
}

export class BlockFolder implements Blocks {
  readonly #directory: string;
  readonly #key: string;

  /** @param key of what the blocks are; those of another key are none of this folder's. */
  private constructor(directory: string, key: string) {
    this.#directory = directory;
    this.#key = key;
  }

  /**
   * Opens, or makes, the folder of `key` below `parent`, and removes those of other keys: what was made
   * for other weights is of no use any more.
   *
   * @param name what all such folders begin with
   * @throws StorageError
   */
  static async open(parent: string, name: string, key: string): Promise<BlockFolder> {
    const directory = join(parent, `${name}-${key.slice(0, 32)}`);
    await storing(name, directory, async () => {
      await mkdir(directory, { recursive: true });
      const others = (await readdir(parent)).filter((entry) => entry.startsWith(`${name}-`));
      for (const entry of others) {
        const path = join(parent, entry);
        if (path !== directory) await rm(path, { recursive: true, force: true });
      }
    });
    sweepAbandoned(directory, isPartial);
    return new BlockFolder(directory, key);
  }

  async read(block: number, values: Float32Array): Promise<boolean> {
    const file = await readFile(this.#path(block)).catch(absent);
    if (file?.byteLength !== values.byteLength + digestBytes) return false;
    const payload = file.subarray(0, values.byteLength);
    if (!this.#digest(block, payload).equals(file.subarray(values.byteLength))) return false;
    bytesOf(values).set(payload);
    return true;
  }

  /** @throws StorageError */
  async write(block: number, values: Float32Array): Promise<void> {
    const path = this.#path(block);
    const temporary = join(this.#directory, temporaryName(nameOf(block)));
    // Of its own: no file is written from shared memory.
    const payload = Buffer.from(bytesOf(values));
    try {
      await storing('item embeddings', path, async () => {
        await writeFile(temporary, Buffer.concat([payload, this.#digest(block, payload)]));
        await rename(temporary, path);
      });
    } finally {
      await rm(temporary, { force: true });
    }
  }

  #path(block: number): string {
    return join(this.#directory, nameOf(block));
  }

  #digest(block: number, payload: Uint8Array): Buffer {
    return createHash('sha256').update(`${this.#key} ${block} `).update(payload).digest();
  }
}

const nameOf = (block: number): string => `block-${String(block).padStart(8, '0')}`;

const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** What cannot be read is computed again. */
const absent = (): null => null;
