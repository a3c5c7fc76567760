/** A file that is read from its start on, or by ranges; errors name it. */
import { type FileHandle, open } from 'node:fs/promises';
import { DatasetError } from '../../dataset-error.js';

const chunkBytes = 256 * 1024;

export class InputFile {
  readonly path: string;
  readonly size: number;
  /** Bytes that `chunks` has handed out so far. */
  position = 0;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle, size: number) {
    this.path = path;
    this.#handle = handle;
    this.size = size;
  }

  /** @throws DatasetError */
  static async open(path: string): Promise<InputFile> {
    const handle = await open(path).catch((cause: unknown) => {
      throw unreadable(path, cause);
    });
    const found = await handle.stat();
    if (found.isFile()) return new InputFile(path, handle, found.size);
    await handle.close();
    const what = found.isDirectory() ? 'a folder' : 'a pipe or a device, and is read several times';
    throw unreadable(path, `it is ${what}: it should be a file`);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  /** The bytes [start, end), fewer where the file is shorter. */
  async range(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(end - start);
    let length = 0;
    while (length < bytes.length) {
      const read = await this.#read(bytes, length, start + length);
      if (read === 0) break;
      length += read;
    }
    return bytes.subarray(0, length);
  }

  /** The whole file from its start on; every chunk is memory of its own. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    for (this.position = 0; ; ) {
      const chunk = new Uint8Array(chunkBytes);
      const read = await this.#read(chunk, 0, this.position);
      if (read === 0) return;
      this.position += read;
      yield chunk.subarray(0, read);
    }
  }

  async #read(into: Uint8Array, at: number, position: number): Promise<number> {
    const { bytesRead } = await this.#handle
      .read(into, at, into.length - at, position)
      .catch((cause: unknown) => {
        throw unreadable(this.path, cause);
      });
    return bytesRead;
  }
}

/** The errors of the system that people meet, in their words. */
const knownErrors: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['EACCES', 'this user may not read it'],
]);

const messageOf = (why: unknown): string => (why instanceof Error ? why.message : String(why));

/** @param why an error of the system, or what is wrong in words */
export function unreadable(file: string, why: unknown, cause: unknown = why): DatasetError {
  const what = knownErrors.get((why as { code?: string }).code ?? '') ?? messageOf(why);
  return new DatasetError('UNREADABLE_FILE', `Cannot read ${file}: ${what}`, { file, cause });
}
