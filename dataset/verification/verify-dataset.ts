import { resolve } from 'node:path';
import { type DatasetManifest, readManifest } from '../dataset-manifest.js';
import { verifyFlatFile } from '../tables/flat-file.js';
import { everyByte, type Verification } from './verification.js';
import { VerificationRecord } from './verification-record.js';

export interface VerifyOptions {
  /**
   * `full` compares every byte with its digest. `remembered` skips files that this machine has
   * compared before and that have not changed since.
   */
  readonly verify?: 'full' | 'remembered';
  /** Where verified files are remembered: the user's cache, if it is not given. */
  readonly records?: string;
}

/**
 * Compares the files of a dataset folder with their digests, without loading them.
 *
 * @throws DatasetError naming the file that differs
 */
export function verifyDataset(
  directory: string,
  options?: VerifyOptions,
): Promise<DatasetManifest> {
  const folder = resolve(directory);
  return withVerification(folder, options, async (verification) => {
    const manifest = await readManifest(folder);
    for (const entry of manifest.files) await verifyFlatFile(folder, entry, verification);
    return manifest;
  });
}

/** Remembers what `work` has compared, where that is wanted. */
export async function withVerification<T>(
  folder: string,
  { verify = 'full', records }: VerifyOptions = {},
  work: (verification: Verification) => Promise<T>,
): Promise<T> {
  if (verify === 'full') return work(everyByte);
  const record = await VerificationRecord.open(folder, records);
  try {
    return await work(record);
  } finally {
    await record.save();
  }
}
