/**
 * Finds what a job reads (its dataset, pretrained weights): the coordinator's folder where this machine
 * can read it, else a copy in the cache, else the object store. Whatever is found must have the digest.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError } from '../../dataset/dataset-error.js';
import {
  isPartial,
  sweepAbandoned,
  temporaryName,
} from '../../process/ownership/temporary-name.js';
import type { Bus } from '../../shared/bus.js';
import type { PublishedFile } from '../../shared/messages/published-file.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { filesBucket, objectName } from '../../shared/subjects.js';
import { writeHashed } from '../../storage/hashed-files.js';
import { storing } from '../../storage/storage-error.js';

/** What arrived is not what was announced. */
export class TransferError extends Error {
  override readonly name = 'TransferError';
  readonly code = 'TRANSFER';
}

export interface ContentSourceParts {
  readonly bus: Bus;
  readonly run: RunAddress;
  readonly cacheDirectory: string;
  /**
   * The digest of what lies at a path; null where there is nothing that can be read.
   *
   * @param wanted tells whether labels belong to it
   * @throws DatasetError where its bytes are not those of its digest
   */
  readonly digestOf: (directory: string, wanted: string) => Promise<string | null>;
  /** Asks the coordinator for the files and waits for its answer. */
  readonly requestFiles: (digest: string) => Promise<readonly PublishedFile[]>;
}

/** @throws TransferError; DatasetError where the coordinator's folder is damaged here */
export async function findContent(
  parts: ContentSourceParts,
  wanted: { readonly directory: string; readonly digest: string },
): Promise<string> {
  const { cacheDirectory, digestOf } = parts;
  if ((await digestOf(wanted.directory, wanted.digest)) === wanted.digest) return wanted.directory;
  const copies = (await readdir(cacheDirectory).catch(() => []))
    .filter((name) => name.startsWith(copyName(wanted.digest)))
    .map((name) => join(cacheDirectory, name));
  for (const copy of copies) {
    // A damaged copy is as good as none; damage where the coordinator reads must be told.
    if ((await digestOf(copy, wanted.digest).catch(noneIfDamaged)) === wanted.digest) return copy;
  }
  return fetchContent(parts, wanted.digest);
}

function noneIfDamaged(error: unknown): null {
  if (error instanceof DatasetError) return null;
  throw error;
}

/** Copies in a cache begin with this; where the first is damaged, the next has a name of its own. */
const copyName = (digest: string): string => digest.slice(0, 32);

/**
 * Under a temporary name first, and checked there, so that a copy in the cache is whole when it
 * appears. It is never removed: another worker may read it.
 */
async function fetchContent(
  { bus, run, cacheDirectory, digestOf, requestFiles }: ContentSourceParts,
  wanted: string,
): Promise<string> {
  const files = await requestFiles(wanted);
  const objects = await bus.openObjects(filesBucket(run));
  await mkdir(cacheDirectory, { recursive: true });
  sweepAbandoned(cacheDirectory, isPartial);
  const partial = join(cacheDirectory, temporaryName(copyName(wanted)));
  await mkdir(partial);
  try {
    for (const file of files) {
      const chunks = await objects.get(objectName(wanted, file.name));
      if (chunks === null) {
        throw new TransferError(`Cannot fetch "${file.name}": the object store has none`);
      }
      await store(chunks, file, join(partial, file.name));
    }
    const digest = await digestOf(partial, wanted);
    if (digest !== wanted) {
      throw new TransferError(
        `Cannot use what was fetched: its digest is ${digest}: it should be ${wanted}`,
      );
    }
    return await publish(
      partial,
      join(cacheDirectory, copyName(wanted)),
      async (directory) => (await digestOf(directory, wanted).catch(noneIfDamaged)) === wanted,
    );
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** @returns where the copy stands, ours or that of a worker that was faster. */
async function publish(
  partial: string,
  target: string,
  isGood: (directory: string) => Promise<boolean>,
): Promise<string> {
  try {
    await rename(partial, target);
    return target;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(code)) throw error;
  }
  if (await isGood(target)) return target;
  const beside = `${target}-${randomUUID()}`;
  await rename(partial, beside);
  return beside;
}

async function store(
  chunks: AsyncIterable<Uint8Array>,
  { name, bytes, sha256 }: PublishedFile,
  path: string,
): Promise<void> {
  const write = () => writeHashed(path, upTo(chunks, bytes));
  const arrived = await storing(`"${name}" from the object store`, path, write);
  if (arrived.bytes !== bytes || arrived.sha256 !== sha256) {
    throw new TransferError(
      `Cannot fetch "${name}": what arrived differs from the ${bytes} bytes announced`,
    );
  }
}

/** Ends with the chunk that is too much: a wrong sender must not fill the disk. */
async function* upTo(chunks: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    yield chunk;
    if (bytes > most) return;
  }
}
