/**
 * Puts the dataset's files into the object store, once, when the first worker asks: workers that
 * can read the folder themselves never cause it.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bus, BusObjects } from '../../shared/bus.js';
import type { DatasetFile } from '../../shared/messages/messages.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { datasetBucket } from '../../shared/subjects.js';

export interface DatasetPublisherParts {
  readonly bus: Bus;
  readonly run: RunAddress;
  readonly directory: string;
  readonly onFile: () => void;
}

export class DatasetPublisher {
  readonly #parts: DatasetPublisherParts;
  #objects: BusObjects | null = null;
  #published: Promise<readonly DatasetFile[]> | null = null;

  constructor(parts: DatasetPublisherParts) {
    this.#parts = parts;
  }

  /** Asked again, it answers with the files that are there already. */
  publish(): Promise<readonly DatasetFile[]> {
    this.#published ??= this.#publish();
    return this.#published;
  }

  async remove(): Promise<void> {
    await this.#objects?.remove();
  }

  async #publish(): Promise<readonly DatasetFile[]> {
    const { bus, run, directory, onFile } = this.#parts;
    const objects = await bus.openObjects(datasetBucket(run));
    this.#objects = objects;
    const files: DatasetFile[] = [];
    for (const name of (await readdir(directory)).sort()) {
      const path = join(directory, name);
      const found = await stat(path);
      if (!found.isFile()) continue;
      const hash = createHash('sha256');
      await objects.put(name, hashed(path, hash));
      files.push({ name, bytes: found.size, sha256: hash.digest('hex') });
      onFile();
    }
    return files;
  }
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
