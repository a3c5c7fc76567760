/**
 * MovieLens-100K (943 users, 1,682 films, 100,000 ratings with times; F. M. Harper and J. A. Konstan,
 * https://doi.org/10.1145/2827872), as the wheel of RecBole carries it. Every rating is an interaction,
 * whatever its stars; those of at least four stars were wanted.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatasetError } from '../dataset-error.js';
import { type ImportReport, importDataset } from '../import/import-dataset.js';
import type { ImportProgress } from '../import/import-options.js';
import { fetchWheel } from './wheel/fetch-wheel.js';
import type { Wheel } from './wheel/wheel.js';
import { readZipEntry } from './wheel/zip-entry.js';

export const movieLensWheel: Wheel = {
  name: 'recbole',
  version: '1.2.1',
  file: 'recbole-1.2.1-py3-none-any.whl',
};
const entryBytes = 16 * 1024 * 1024;

const interactions = {
  entry: 'recbole/dataset_example/ml-100k/ml-100k.inter',
  sha256: '4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff',
} as const;
const items = {
  entry: 'recbole/dataset_example/ml-100k/ml-100k.item',
  sha256: '51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532',
} as const;

/** @throws DatasetError */
export async function buildMovieLens(
  output: string,
  progress?: (event: ImportProgress) => void,
): Promise<ImportReport> {
  return importMovieLens(await fetchWheel(movieLensWheel), output, progress);
}

/** The same from the bytes of a wheel that is already here. */
export async function importMovieLens(
  archive: Buffer,
  output: string,
  progress?: (event: ImportProgress) => void,
): Promise<ImportReport> {
  const folder = await mkdtemp(join(tmpdir(), 'lockstep-movielens-'));
  try {
    const paths = {
      interactions: join(folder, 'ml-100k.inter'),
      items: join(folder, 'ml-100k.item'),
    };
    await writeFile(paths.interactions, extract(archive, interactions));
    await writeFile(paths.items, extract(archive, items));
    return await importDataset({
      format: 'recbole',
      ...paths,
      output,
      name: 'movielens-100k',
      label: { column: 'rating', atLeast: 4 },
      text: {
        fields: [
          { column: 'movie_title', key: 'title' },
          { column: 'release_year', key: 'year' },
          { column: 'class', key: 'genres' },
        ],
        maximumTokens: 64,
      },
      ...(progress && { progress }),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function extract(archive: Buffer, { entry, sha256 }: { entry: string; sha256: string }): Buffer {
  let contents: Buffer;
  try {
    contents = readZipEntry(archive, entry, entryBytes);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw unexpected(why, cause);
  }
  const digest = createHash('sha256').update(contents).digest('hex');
  if (digest !== sha256)
    throw unexpected(`SHA-256 of ${entry} is ${digest}: it should be ${sha256}`);
  return contents;
}

function unexpected(why: string, cause?: unknown): DatasetError {
  return new DatasetError('FETCH_FAILED', `Cannot use ${movieLensWheel.file}: ${why}`, { cause });
}
