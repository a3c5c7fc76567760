/**
 * A bucket of an S3 store, in the few operations that checkpoints need. The client behind it tries again
 * by itself where that may help; what it finally says becomes one of our errors, which name the key.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3 } from '@aws-sdk/client-s3';
import type { FileDigest, Pieces } from '../hashed-files.js';
import type { ByteRange } from '../pieces.js';
import { backOff, listedMax, partBytes, readFailuresMax } from './limits.js';
import { bucketError, failureOf } from './s3-failure.js';
import { Upload } from './upload.js';

export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  /** By the server's clock, in milliseconds since 1970. */
  readonly modifiedAt: number;
}

/** What must be in a key's place for a write to happen. */
export type Condition =
  | { readonly kind: 'absent' }
  | { readonly kind: 'etag'; readonly etag: string };

// Not `Bucket`: within a class of that name TypeScript 7.0.2 emits another name for the client's
// field `Bucket`.
export class S3Bucket {
  readonly name: string;
  readonly #client: S3;
  /** False once the server has said that it knows no conditions. */
  #conditional = true;

  constructor(client: S3, name: string) {
    this.#client = client;
    this.name = name;
  }

  /** `s3://bucket/key`, as messages have it. */
  locationOf(key: string): string {
    return `s3://${this.name}/${key}`;
  }

  /** @returns false where the condition does not hold. @throws StorageError, StoreRefusedError */
  async put(key: string, body: Uint8Array, condition?: Condition): Promise<boolean> {
    const terms = condition !== undefined && this.#conditional ? termsOf(condition) : {};
    try {
      await this.#client.putObject({ Bucket: this.name, Key: key, Body: body, ...terms });
      return true;
    } catch (error) {
      const failure = failureOf(error);
      if (failure === 'changed') return false;
      if (failure !== 'unconditional' || !this.#conditional) throw this.#error(error, 'write', key);
    }
    this.#conditional = false;
    return this.put(key, body);
  }

  /** Null where there is none. @throws StorageError, StoreRefusedError */
  async look(key: string): Promise<{ readonly bytes: number; readonly etag: string } | null> {
    try {
      const found = await this.#client.headObject({ Bucket: this.name, Key: key });
      return { bytes: found.ContentLength ?? 0, etag: found.ETag ?? '' };
    } catch (error) {
      if (failureOf(error) === 'absent') return null;
      throw this.#error(error, 'read', key);
    }
  }

  /** Null where there is none. For small objects. @throws StorageError, StoreRefusedError */
  async text(key: string, bytesMax: number): Promise<string | null> {
    if ((await this.look(key)) === null) return null;
    const decoder = new TextDecoder();
    let text = '';
    for await (const piece of this.read(key, { begin: 0, end: bytesMax })) {
      text += decoder.decode(piece, { stream: true });
    }
    return text + decoder.decode();
  }

  /**
   * The bytes of a range in order, fewer where the object ends, none where there is no object. A
   * connection that breaks is opened anew from where it broke.
   *
   * @throws StorageError, StoreRefusedError
   */
  async *read(key: string, { begin, end }: ByteRange): AsyncGenerator<Uint8Array> {
    let at = begin;
    let failedAt = begin;
    for (let failures = 0; at < end; ) {
      const body = await this.#open(key, { begin: at, end });
      if (body === null) return;
      try {
        for await (const piece of body) {
          yield piece;
          at += piece.byteLength;
        }
        return;
      } catch (error) {
        failures = at > failedAt ? 1 : failures + 1;
        failedAt = at;
        if (failures > readFailuresMax) throw this.#error(error, 'read', key);
        await sleep(backOff(failures));
      }
    }
  }

  /** All objects whose keys begin so, in the order of their keys. */
  async list(prefix: string): Promise<StoredObject[]> {
    const found: StoredObject[] = [];
    let next: string | undefined;
    try {
      do {
        const page = await this.#client.listObjectsV2({
          Bucket: this.name,
          Prefix: prefix,
          ...(next !== undefined && { ContinuationToken: next }),
        });
        for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
          found.push({ key: Key, bytes: Size, modifiedAt: LastModified?.getTime() ?? 0 });
        }
        next = page.NextContinuationToken;
      } while (next !== undefined && found.length < listedMax);
    } catch (error) {
      throw this.#error(error, 'list', prefix);
    }
    return found;
  }

  /** One that is not there is as good as removed. */
  async remove(keys: readonly string[]): Promise<void> {
    // One by one: deleting many at once asks for a checksum that not every store takes.
    for (const key of keys) {
      await this.#client.deleteObject({ Bucket: this.name, Key: key }).catch((error: unknown) => {
        if (failureOf(error) !== 'absent') throw this.#error(error, 'remove', key);
      });
    }
  }

  /**
   * Writes an object of any size. Two parts are in memory: one travels while the next is filled. It is
   * there as a whole when the promise settles, or not at all.
   *
   * @throws StorageError, StoreRefusedError
   */
  async upload(key: string, pieces: Pieces, partSize: number = partBytes): Promise<FileDigest> {
    const upload = new Upload(this.#client, this.name, key, partSize);
    try {
      return await upload.send(pieces);
    } catch (error) {
      await upload.abort();
      throw upload.failure === null ? error : this.#error(upload.failure, 'write', key);
    }
  }

  /** Gives up uploads that nobody has gone on with since. @param before in milliseconds since 1970 */
  async abandonUploads(prefix: string, before: number): Promise<void> {
    try {
      const { Uploads = [] } = await this.#client.listMultipartUploads({
        Bucket: this.name,
        Prefix: prefix,
      });
      for (const { Key, UploadId, Initiated } of Uploads) {
        if ((Initiated?.getTime() ?? before) >= before) continue;
        await this.#client.abortMultipartUpload({ Bucket: this.name, Key, UploadId });
      }
    } catch (error) {
      if (failureOf(error) === 'absent') return;
      throw this.#error(error, 'look for uploads below', prefix);
    }
  }

  /** Null where there is no object, or none so long. The client has tried as often as it may. */
  async #open(key: string, { begin, end }: ByteRange): Promise<AsyncIterable<Uint8Array> | null> {
    const Range = `bytes=${begin}-${end - 1}`;
    try {
      const { Body } = await this.#client.getObject({ Bucket: this.name, Key: key, Range });
      return Body as unknown as AsyncIterable<Uint8Array>;
    } catch (error) {
      const failure = failureOf(error);
      if (failure === 'beyond' || failure === 'absent') return null;
      throw this.#error(error, 'read', key);
    }
  }

  #error(error: unknown, doing: string, key: string): Error {
    return bucketError(error, doing, this.locationOf(key));
  }
}

const termsOf = (condition: Condition) =>
  condition.kind === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: condition.etag };
