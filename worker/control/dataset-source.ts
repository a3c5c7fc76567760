/**
 * Finds the dataset that the job trains on: the coordinator's folder where this machine can read it,
 * else a copy in the cache, else the object store. Whatever is found must have the digest.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError } from '../../dataset/dataset-error.js';
import type { Bus } from '../../shared/bus.js';
import type { DatasetFile } from '../../shared/messages/messages.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { datasetBucket } from '../../shared/subjects.js';

/** What arrived is not what was announced. */
export class DatasetTransferError extends Error {
  override readonly name = 'DatasetTransferError';
  readonly code = 'DATASET_TRANSFER';
}

export interface DatasetSourceParts {
  readonly bus: Bus;
  readonly run: RunAddress;
  readonly cacheDirectory: string;
  /**
   * The content digest of a dataset folder; null where there is no readable dataset.
   *
   * @throws DatasetError where its bytes are not those of its digest
   */
  readonly digestOf: (directory: string) => Promise<string | null>;
  /** Asks the coordinator for the files and waits for its answer. */
  readonly requestFiles: () => Promise<readonly DatasetFile[]>;
}

/** @throws DatasetTransferError; DatasetError where the coordinator's folder is damaged here */
export async function findDataset(
  parts: DatasetSourceParts,
  wanted: { readonly directory: string; readonly digest: string },
): Promise<string> {
  const { cacheDirectory, digestOf } = parts;
  const cached = join(cacheDirectory, wanted.digest.slice(0, 32));
  if ((await digestOf(wanted.directory)) === wanted.digest) return wanted.directory;
  // A damaged copy is as good as none; damage where the coordinator reads must be told.
  if ((await digestOf(cached).catch(noneIfDamaged)) === wanted.digest) return cached;
  await fetchDataset(parts, cached);
  const digest = await digestOf(cached);
  if (digest === wanted.digest) return cached;
  await rm(cached, { recursive: true, force: true });
  throw new DatasetTransferError(
    `Cannot use the dataset that was fetched: its digest is ${digest}: it should be ${wanted.digest}`,
  );
}

function noneIfDamaged(error: unknown): null {
  if (error instanceof DatasetError) return null;
  throw error;
}

/** Under a temporary name first, so that a cache folder is always a whole dataset. */
async function fetchDataset(
  { bus, run, cacheDirectory, requestFiles }: DatasetSourceParts,
  target: string,
): Promise<void> {
  const files = await requestFiles();
  const objects = await bus.openObjects(datasetBucket(run));
  await mkdir(cacheDirectory, { recursive: true });
  const partial = `${target}.${process.pid}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial);
  try {
    for (const file of files) {
      const chunks = await objects.get(file.name);
      if (chunks === null) {
        throw new DatasetTransferError(`Cannot fetch "${file.name}": the object store has none`);
      }
      await store(chunks, file, join(partial, file.name));
    }
    await rm(target, { recursive: true, force: true });
    await rename(partial, target).catch(async (error: unknown) => {
      // A second worker of this machine was faster; its copy is verified like ours.
      if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? ''))
        throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function store(
  chunks: AsyncIterable<Uint8Array>,
  file: DatasetFile,
  path: string,
): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0;
  const target = await open(path, 'wx');
  try {
    for await (const chunk of chunks) {
      bytes += chunk.byteLength;
      // Checked before it is written: a wrong sender must not fill the disk.
      if (bytes > file.bytes) break;
      hash.update(chunk);
      await target.write(chunk);
    }
    await target.sync();
  } finally {
    await target.close();
  }
  if (bytes !== file.bytes || hash.digest('hex') !== file.sha256) {
    throw new DatasetTransferError(
      `Cannot fetch "${file.name}": what arrived differs from the ${file.bytes} bytes announced`,
    );
  }
}
