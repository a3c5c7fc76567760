/**
 * Puts what a run reads (the dataset, pretrained weights) into the object store, each once, when the
 * first worker asks: workers that can read the folders themselves never cause it.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bus, BusObjects } from '../../shared/bus.js';
import type { PublishedFile } from '../../shared/messages/published-file.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { filesBucket, objectName } from '../../shared/subjects.js';

export interface OfferedFile {
  /** In the folder that a worker makes of them. */
  readonly name: string;
  readonly path: string;
}

export interface FilesPublisherParts {
  readonly bus: Bus;
  readonly run: RunAddress;
  readonly onFile: () => void;
}

type ListFiles = () => Promise<readonly OfferedFile[]>;

export class FilesPublisher {
  readonly #parts: FilesPublisherParts;
  readonly #offers = new Map<string, ListFiles>();
  readonly #published = new Map<string, Promise<readonly PublishedFile[]>>();
  #objects: Promise<BusObjects> | null = null;

  constructor(parts: FilesPublisherParts) {
    this.#parts = parts;
  }

  /** What may be asked for by a digest; nothing is read before it is. */
  offer(digest: string, list: ListFiles): void {
    this.#offers.set(digest, list);
  }

  /**
   * Asked again, it answers with the files that are there already, or begins anew where that has failed;
   * null where nobody offers them.
   */
  publish(digest: string): Promise<readonly PublishedFile[]> | null {
    const list = this.#offers.get(digest);
    if (list === undefined) return null;
    return this.#published.get(digest) ?? this.#begin(digest, list);
  }

  async remove(): Promise<void> {
    await (await this.#objects)?.remove();
  }

  #begin(digest: string, list: ListFiles): Promise<readonly PublishedFile[]> {
    const publishing = this.#publish(digest, list);
    this.#published.set(digest, publishing);
    publishing.catch(() => this.#published.delete(digest));
    return publishing;
  }

  /** A store that could not be opened is none. */
  #open(): Promise<BusObjects> {
    const { bus, run } = this.#parts;
    const opening = bus.openObjects(filesBucket(run));
    this.#objects = opening;
    opening.catch(() => {
      this.#objects = null;
    });
    return opening;
  }

  async #publish(digest: string, list: ListFiles): Promise<readonly PublishedFile[]> {
    const { onFile } = this.#parts;
    const objects = await (this.#objects ?? this.#open());
    const files: PublishedFile[] = [];
    for (const { name, path } of await list()) {
      const hash = createHash('sha256');
      const { size: bytes } = await stat(path);
      await objects.put(objectName(digest, name), hashed(path, hash));
      files.push({ name, bytes, sha256: hash.digest('hex') });
      onFile();
    }
    return files;
  }
}

/** The files of a folder, without the folders in it. */
export async function filesOf(directory: string): Promise<OfferedFile[]> {
  const files: OfferedFile[] = [];
  for (const name of (await readdir(directory)).sort()) {
    const path = join(directory, name);
    if ((await stat(path)).isFile()) files.push({ name, path });
  }
  return files;
}

/** The digest is taken of the very bytes that are sent. */
async function* hashed(
  path: string,
  hash: ReturnType<typeof createHash>,
): AsyncIterable<Uint8Array> {
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    hash.update(chunk);
    yield chunk;
  }
}
