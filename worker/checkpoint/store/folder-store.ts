/** Checkpoints as folders of a folder: a rename makes one visible. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sweepAbandoned } from '../../../process/ownership/temporary-name.js';
import { writeAtomically } from '../../../process/write-atomically.js';
import {
  type FileDigest,
  type Pieces,
  readPieces,
  syncFolder,
  writeHashed,
} from '../../../storage/hashed-files.js';
import type { ByteRange } from '../../../storage/pieces.js';
import { requireRoom, storing } from '../../../storage/storage-error.js';
import { CheckpointError } from '../checkpoint-error.js';
import {
  checkpointName,
  committedStepsOf,
  isPartialName,
  manifestFile,
  partialName,
} from '../checkpoint-folder.js';
import type { CheckpointDraft, CheckpointFiles, CheckpointStore } from './checkpoint-store.js';
import { FencedError, type MayPublish } from './publication-permit.js';

/** Beside the checkpoints: those that nothing continues from, for whoever wants to look at them. */
export const asideFolder = 'collapsed';

/** Another writer may publish the same step between a look and a rename; it does not do so for ever. */
const publishAttempts = 5;

export class FolderStore implements CheckpointStore {
  readonly location: string;

  constructor(location: string) {
    this.location = location;
  }

  async prepare(bytes: number): Promise<void> {
    await requireRoom('a checkpoint', this.location, bytes);
  }

  async steps(): Promise<number[]> {
    const names = await namesIn(this.location);
    const steps = names.map(committedStepsOf).filter((found) => found !== null);
    return steps.sort((a, b) => a - b);
  }

  async begin(committedSteps: number): Promise<CheckpointDraft> {
    const draft = new FolderDraft(this.location, committedSteps);
    await draft.open();
    return draft;
  }

  async remove(committedSteps: number): Promise<void> {
    // Renamed first: half a checkpoint must not carry the name of a whole one.
    const aside = partialName(committedSteps, `removed-${randomUUID()}`);
    await rename(this.#path(committedSteps), join(this.location, aside));
    await rm(join(this.location, aside), { recursive: true, force: true });
  }

  async setAside(committedSteps: number): Promise<void> {
    const aside = join(this.location, asideFolder);
    const name = checkpointName(committedSteps);
    await storing('checkpoints that are set aside', aside, async () => {
      await mkdir(aside, { recursive: true });
      await rm(join(aside, name), { recursive: true, force: true });
      await rename(this.#path(committedSteps), join(aside, name));
    });
  }

  /** A partial folder whose writer lives, or may live in another container, stays. */
  async sweep(): Promise<void> {
    sweepAbandoned(this.location, isPartialName);
  }

  async writeText(what: string, name: string, text: string): Promise<void> {
    const path = join(this.location, name);
    await storing(what, path, async () => {
      await mkdir(this.location, { recursive: true });
      writeAtomically(path, text);
    });
  }

  async readText(name: string): Promise<string | null> {
    return readFile(join(this.location, name), 'utf8').catch(nullIfAbsent);
  }

  #path(committedSteps: number): string {
    return join(this.location, checkpointName(committedSteps));
  }
}

class FolderDraft implements CheckpointDraft {
  readonly within = undefined;
  readonly #directory: string;
  readonly #committedSteps: number;
  readonly #what: string;
  readonly #partial: string;

  constructor(directory: string, committedSteps: number) {
    this.#directory = directory;
    this.#committedSteps = committedSteps;
    this.#what = `the checkpoint of step ${committedSteps}`;
    this.#partial = join(directory, partialName(committedSteps, randomUUID()));
  }

  async open(): Promise<void> {
    await storing(this.#what, this.#partial, () => mkdir(this.#partial, { recursive: true }));
  }

  async write(name: string, pieces: Pieces): Promise<FileDigest> {
    const path = join(this.#partial, name);
    return storing(this.#what, path, () => writeHashed(path, pieces));
  }

  async publish(manifest: Uint8Array, mayPublish: MayPublish): Promise<void> {
    await this.write(manifestFile, [manifest]);
    await storing(this.#what, this.#directory, async () => {
      await syncFolder(this.#partial);
      await this.#show(mayPublish);
      await syncFolder(this.#directory);
    });
  }

  async discard(): Promise<void> {
    // The next writer sweeps what cannot be removed; why nothing was written must not be lost to it.
    await rm(this.#partial, { recursive: true, force: true }).catch(() => undefined);
  }

  async #show(mayPublish: MayPublish): Promise<void> {
    const path = join(this.#directory, checkpointName(this.#committedSteps));
    for (let attempt = 1; ; attempt++) {
      if (!mayPublish()) throw new FencedError(`Cannot publish ${this.#what}: not the writer`);
      // A folder cannot be renamed onto one that has files, so an earlier attempt steps aside first.
      const name = partialName(this.#committedSteps, `replaced-${randomUUID()}`);
      const aside = join(this.#directory, name);
      const replaced = await rename(path, aside).then(() => true, falseIfAbsent);
      const shown = await rename(this.#partial, path).then(() => true, taken(attempt));
      if (replaced) await rm(aside, { recursive: true, force: true });
      if (shown) return;
    }
  }
}

/** Files of one checkpoint's folder. */
export class FolderFiles implements CheckpointFiles {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async size(name: string): Promise<number> {
    const status = await stat(join(this.#path, name)).catch((cause: NodeJS.ErrnoException) => {
      const absent = cause.code === 'ENOENT' || cause.code === 'ENOTDIR';
      throw this.#refused(name, absent ? 'is missing' : cause.message, cause);
    });
    if (!status.isFile()) throw this.#refused(name, 'is not a file');
    return status.size;
  }

  async *read(name: string, range: ByteRange): AsyncGenerator<Uint8Array> {
    const file = await open(join(this.#path, name), 'r');
    try {
      yield* readPieces(file, range);
    } finally {
      await file.close();
    }
  }

  #refused(name: string, reason: string, cause?: Error): CheckpointError {
    return new CheckpointError(this.#path, `${name} ${reason}`, { cause });
  }
}

export async function namesIn(directory: string): Promise<string[]> {
  return (await readdir(directory).catch(nullIfAbsent)) ?? [];
}

function nullIfAbsent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

const falseIfAbsent = (error: NodeJS.ErrnoException): false => {
  nullIfAbsent(error);
  return false;
};

/** Another writer was faster, between our two renames. */
const taken =
  (attempt: number) =>
  (error: NodeJS.ErrnoException): false => {
    const isTaken = error.code === 'ENOTEMPTY' || error.code === 'EEXIST';
    if (isTaken && attempt < publishAttempts) return false;
    throw error;
  };
