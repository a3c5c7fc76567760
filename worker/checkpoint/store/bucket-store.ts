/**
 * Checkpoints as objects of a bucket, below a prefix:
 *
 *   step-00000120/files-<uuid>/model.safetensors, optimizer.safetensors
 *   step-00000120/manifest.json
 *
 * Each attempt writes files of its own, and the manifest, written last, says which count: one small write
 * on a condition makes a checkpoint visible, and two writers of a step never mix. A checkpoint that was
 * set aside has its manifest under another name, and so moves no bytes.
 */
import { randomUUID } from 'node:crypto';
import { abandonedAfter } from '../../../shared/limits.js';
import type { FileDigest, Pieces } from '../../../storage/hashed-files.js';
import type { ByteRange } from '../../../storage/pieces.js';
import type { S3Bucket } from '../../../storage/s3/bucket.js';
import { StorageError, StoreRefusedError } from '../../../storage/storage-error.js';
import { CheckpointError } from '../checkpoint-error.js';
import {
  checkpointName,
  committedStepsOf,
  fileOf,
  manifestBytesMax,
  manifestFile,
  tensorFiles,
  withinOf,
} from '../checkpoint-folder.js';
import type { CheckpointDraft, CheckpointFiles, CheckpointStore } from './checkpoint-store.js';
import { FencedError, type MayPublish } from './publication-permit.js';

/** In the place of the manifest of a checkpoint that nothing continues from. */
export const asideManifest = 'collapsed.json';

/** Another writer may publish the same step between a look and a write; it does not do so for ever. */
const publishAttempts = 5;

/** A place in a bucket; `key` builds what lies below its prefix. */
export interface BucketPlace {
  readonly location: string;
  readonly prefix: string;
  /** Opened by whoever asks first. */
  readonly bucket: () => Promise<S3Bucket>;
}

export class BucketStore implements CheckpointStore {
  readonly location: string;
  readonly #place: BucketPlace;

  constructor(place: BucketPlace) {
    this.location = place.location;
    this.#place = place;
  }

  /** A bucket has room; whether this user may list, write and remove is known after a try. */
  async prepare(): Promise<void> {
    const bucket = await this.#place.bucket();
    const probe = this.#key(`.probe-${randomUUID()}`);
    await bucket.list(probe);
    await bucket.put(probe, new Uint8Array(1));
    await bucket.remove([probe]);
  }

  async steps(): Promise<number[]> {
    const bucket = await this.#place.bucket();
    const objects = await bucket.list(this.#key('step-'));
    const steps = objects.map(({ key }) => this.#manifestSteps(key)).filter((it) => it !== null);
    return steps.sort((a, b) => a - b);
  }

  async begin(committedSteps: number): Promise<CheckpointDraft> {
    const bucket = await this.#place.bucket();
    return new BucketDraft(bucket, this.#key(checkpointName(committedSteps)), committedSteps);
  }

  async remove(committedSteps: number): Promise<void> {
    const bucket = await this.#place.bucket();
    const folder = this.#key(checkpointName(committedSteps));
    const files = await filesOf(bucket, folder, manifestFile);
    // Without it nobody finds the rest.
    await bucket.remove([`${folder}/${manifestFile}`]);
    await bucket.remove(files);
  }

  async setAside(committedSteps: number): Promise<void> {
    const bucket = await this.#place.bucket();
    const folder = this.#key(checkpointName(committedSteps));
    const manifest = await bucket.text(`${folder}/${manifestFile}`, manifestBytesMax);
    if (manifest === null) return;
    const before = await filesOf(bucket, folder, asideManifest);
    await bucket.put(`${folder}/${asideManifest}`, new TextEncoder().encode(manifest));
    await bucket.remove([`${folder}/${manifestFile}`]);
    const after = await filesOf(bucket, folder, asideManifest);
    await bucket.remove(before.filter((key) => !after.includes(key)));
  }

  /** Only what is a day old, and no manifest beside it names: its writer has ended. */
  async sweep(): Promise<void> {
    const bucket = await this.#place.bucket();
    const before = Date.now() - abandonedAfter;
    await bucket.abandonUploads(this.#key('step-'), before);
    const objects = await bucket.list(this.#key('step-'));
    const old = objects.filter(({ modifiedAt }) => modifiedAt < before).map(({ key }) => key);
    const attempts = new Map(old.flatMap((key) => this.#attemptOf(key)));
    for (const [attempt, folder] of attempts) {
      if (await isNamed(bucket, folder, attempt)) continue;
      await bucket.remove(old.filter((key) => key.startsWith(`${attempt}/`)));
    }
  }

  async writeText(_what: string, name: string, text: string): Promise<void> {
    const bucket = await this.#place.bucket();
    await inRun(this.location, () => bucket.put(this.#key(name), new TextEncoder().encode(text)));
  }

  async readText(name: string): Promise<string | null> {
    const bucket = await this.#place.bucket();
    return bucket.text(this.#key(name), manifestBytesMax);
  }

  #key(name: string): string {
    return keyOf(this.#place, name);
  }

  /** Of the key of a manifest; null for any other. */
  #manifestSteps(key: string): number | null {
    const [folder = '', file, ...rest] = key.slice(this.#key('').length).split('/');
    return file === manifestFile && rest.length === 0 ? committedStepsOf(folder) : null;
  }

  /** [folder of the attempt, folder of its checkpoint] of a file that an attempt has written. */
  #attemptOf(key: string): [string, string][] {
    const [folder = '', attempt = '', file] = key.slice(this.#key('').length).split('/');
    const isOurs = committedStepsOf(folder) !== null && /^files-[0-9a-f-]+$/.test(attempt);
    if (!isOurs || file === undefined) return [];
    return [[this.#key(`${folder}/${attempt}`), this.#key(folder)]];
  }
}

class BucketDraft implements CheckpointDraft {
  readonly within = `files-${randomUUID()}`;
  readonly #bucket: S3Bucket;
  readonly #folder: string;
  readonly #committedSteps: number;
  readonly #written: string[] = [];
  #published = false;

  constructor(bucket: S3Bucket, folder: string, committedSteps: number) {
    this.#bucket = bucket;
    this.#folder = folder;
    this.#committedSteps = committedSteps;
  }

  async write(name: string, pieces: Pieces): Promise<FileDigest> {
    const key = `${this.#folder}/${this.within}/${name}`;
    this.#written.push(key);
    return inRun(key, () => this.#bucket.upload(key, pieces));
  }

  async publish(manifest: Uint8Array, mayPublish: MayPublish): Promise<void> {
    await inRun(this.#folder, async () => {
      const replaced = await this.#show(manifest, mayPublish);
      this.#published = true;
      await this.#bucket.remove(replaced);
    });
  }

  async discard(): Promise<void> {
    if (this.#published) return;
    // The next sweep removes what cannot be removed; why nothing was written must not be lost to it.
    await this.#bucket.remove(this.#written).catch(() => undefined);
  }

  /** @returns the files of the checkpoint that was there before. */
  async #show(manifest: Uint8Array, mayPublish: MayPublish): Promise<string[]> {
    const key = `${this.#folder}/${manifestFile}`;
    const where = this.#bucket.locationOf(key);
    for (let attempt = 0; attempt < publishAttempts; attempt++) {
      const found = await this.#bucket.look(key);
      const replaced = await filesOf(this.#bucket, this.#folder, manifestFile);
      const what = `the checkpoint of step ${this.#committedSteps}`;
      if (!mayPublish()) throw new FencedError(`Cannot publish ${what}: not the writer`);
      // A write that was held up on its way must not fall on what another writer has put there since.
      const condition =
        found === null
          ? ({ kind: 'absent' } as const)
          : ({ kind: 'etag', etag: found.etag } as const);
      if (await this.#bucket.put(key, manifest, condition)) return replaced;
    }
    const reason = `others wrote it ${publishAttempts} times meanwhile`;
    throw new StorageError('STORAGE', `Cannot write ${where}: ${reason}`, where);
  }
}

/** Objects of one checkpoint. */
export class BucketFiles implements CheckpointFiles {
  readonly #place: BucketPlace;

  constructor(place: BucketPlace) {
    this.#place = place;
  }

  async size(name: string): Promise<number> {
    const bucket = await this.#place.bucket();
    const found = await bucket.look(keyOf(this.#place, name));
    if (found === null) throw new CheckpointError(this.#place.location, `${name} is missing`);
    return found.bytes;
  }

  async *read(name: string, range: ByteRange): AsyncGenerator<Uint8Array> {
    const bucket = await this.#place.bucket();
    yield* bucket.read(keyOf(this.#place, name), range);
  }
}

const keyOf = ({ prefix }: BucketPlace, name: string): string =>
  prefix === '' ? name : `${prefix}/${name}`;

/** The files that a manifest names; none where it cannot be read, so that a sweep decides later. */
async function filesOf(bucket: S3Bucket, folder: string, manifest: string): Promise<string[]> {
  const within = withinOf(await bucket.text(`${folder}/${manifest}`, manifestBytesMax));
  return within === null ? [] : tensorFiles.map((name) => `${folder}/${fileOf(within, name)}`);
}

/** Whether a manifest beside it names the attempt, or cannot be read. */
async function isNamed(bucket: S3Bucket, folder: string, attempt: string): Promise<boolean> {
  for (const name of [manifestFile, asideManifest]) {
    const text = await bucket.text(`${folder}/${name}`, manifestBytesMax);
    if (text === null) continue;
    const within = withinOf(text)?.within;
    if (within === undefined || `${folder}/${within}` === attempt) return true;
  }
  return false;
}

/** Once training goes on, a store that refuses is a failure of storage: steps were trained. */
async function inRun<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreRefusedError)) throw error;
    throw new StorageError('STORAGE', error.message, where, { cause: error });
  }
}
