/** One object on its way to a bucket: at once where it is small, in parts where it is not. */
import { createHash } from 'node:crypto';
import type { S3 } from '@aws-sdk/client-s3';
import type { FileDigest, Pieces } from '../hashed-files.js';
import { failureOf } from './s3-failure.js';

interface SentPart {
  readonly PartNumber: number;
  readonly ETag: string | undefined;
}

export class Upload {
  readonly #client: S3;
  readonly #target: { readonly Bucket: string; readonly Key: string };
  readonly #partSize: number;
  readonly #memory: (Uint8Array | undefined)[] = [undefined, undefined];
  readonly #parts: SentPart[] = [];
  #uploadId: string | null = null;
  #begun = 0;
  /** The part before the one that is filled. */
  #travelling: Promise<void> = Promise.resolve();
  /** The client's own error, where it was one that ended this. */
  failure: unknown = null;

  constructor(client: S3, bucket: string, key: string, partSize: number) {
    this.#client = client;
    this.#target = { Bucket: bucket, Key: key };
    this.#partSize = partSize;
  }

  async send(pieces: Pieces): Promise<FileDigest> {
    const hash = createHash('sha256');
    let bytes = 0;
    let used = 0;
    for await (const piece of pieces) {
      hash.update(piece);
      bytes += piece.byteLength;
      for (let at = 0; at < piece.byteLength; ) {
        if (used === this.#partSize) {
          await this.#sendPart(used);
          used = 0;
        }
        const part = piece.subarray(at, at + this.#partSize - used);
        this.#filling.set(part, used);
        used += part.byteLength;
        at += part.byteLength;
      }
    }
    await this.#finish(used, bytes);
    return { bytes, sha256: hash.digest('hex') };
  }

  /** Leaves nothing of a large object that was not finished. Says nothing where that fails too. */
  async abort(): Promise<void> {
    await this.#travelling.catch(() => undefined);
    if (this.#uploadId === null) return;
    const UploadId = this.#uploadId;
    await this.#client.abortMultipartUpload({ ...this.#target, UploadId }).catch(() => undefined);
  }

  /** Two take turns, made when they are needed: most objects are small. */
  get #filling(): Uint8Array {
    const turn = this.#begun % 2;
    this.#memory[turn] ??= new Uint8Array(this.#partSize);
    return this.#memory[turn];
  }

  async #finish(used: number, bytes: number): Promise<void> {
    if (this.#uploadId === null) {
      const Body = this.#filling.subarray(0, used);
      await this.#ask(() => this.#client.putObject({ ...this.#target, Body }));
      return;
    }
    await this.#sendPart(used);
    await this.#travelling;
    await this.#ask(() => this.#complete(bytes));
  }

  async #sendPart(used: number): Promise<void> {
    await this.#travelling;
    this.#uploadId ??= await this.#ask(async () => {
      const { UploadId = '' } = await this.#client.createMultipartUpload(this.#target);
      return UploadId;
    });
    const Body = this.#filling.subarray(0, used);
    const PartNumber = ++this.#begun;
    const part = { ...this.#target, UploadId: this.#uploadId, PartNumber, Body };
    this.#travelling = this.#ask(async () => {
      const { ETag } = await this.#client.uploadPart(part);
      this.#parts.push({ PartNumber, ETag });
    });
    // Met by whoever sends the next part.
    this.#travelling.catch(() => undefined);
  }

  async #complete(bytes: number): Promise<void> {
    const UploadId = this.#uploadId as string;
    const MultipartUpload = { Parts: this.#parts };
    try {
      await this.#client.completeMultipartUpload({ ...this.#target, UploadId, MultipartUpload });
    } catch (error) {
      // The answer to an earlier try may have been lost: then there is no such upload any more.
      const isDone = failureOf(error) === 'absent' && (await this.#isThere(bytes));
      if (!isDone) throw error;
    }
  }

  async #isThere(bytes: number): Promise<boolean> {
    const { ContentLength } = await this.#client.headObject(this.#target);
    return ContentLength === bytes;
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.failure ??= error;
      throw error;
    }
  }
}
