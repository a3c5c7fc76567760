/** What items are called and what is said of them, so that people can read a recommendation. */
import { join } from 'node:path';
import type { Dataset } from './dataset.js';
import { type TextFileRole, textFileNames } from './dataset-manifest.js';
import { checkOffsets } from './tables/check-offsets.js';
import { damaged, readFlatFile } from './tables/flat-file.js';
import { everyByte } from './verification/verification.js';

export interface ItemTexts {
  /** Cut where it was very long; empty where the item has none. */
  title(item: number): string;
  /** One line for each field that the model's text is made of: `key: value`. */
  text(item: number): string;
}

/**
 * Reads the titles and texts of a dataset, which training has no use for.
 *
 * @returns null for a dataset that was imported before they were kept
 * @throws DatasetError
 */
export async function openItemTexts(dataset: TextsOf): Promise<ItemTexts | null> {
  const title = await openTexts(dataset, 'itemTitles', 'itemTitleOffsets');
  const text = await openTexts(dataset, 'itemTexts', 'itemTextOffsets');
  return title === null || text === null ? null : { title, text };
}

type TextsOf = Pick<Dataset, 'directory' | 'manifest'>;

async function openTexts(
  dataset: TextsOf,
  bytesRole: TextFileRole,
  offsetsRole: TextFileRole,
): Promise<((item: number) => string) | null> {
  const [text, ends] = [await read(dataset, bytesRole), await read(dataset, offsetsRole)];
  if (text === null || ends === null) return null;
  const { items } = dataset.manifest.counts;
  const file = join(dataset.directory, textFileNames[offsetsRole]);
  if (ends.byteLength !== 4 * (items + 1)) {
    throw damaged(file, `it has ${ends.byteLength} bytes: there are ${items} items`);
  }
  const offsets = new Uint32Array(ends);
  checkOffsets(file, offsets, text.byteLength, 0);
  return (item) => {
    const [start, end] = [offsets[item], offsets[item + 1]];
    if (start === undefined || end === undefined) {
      throw new RangeError(`Cannot describe item ${item}: it should be in [0, ${items})`);
    }
    return Buffer.from(text, start, end - start).toString('utf8');
  };
}

async function read(
  { directory, manifest }: TextsOf,
  role: TextFileRole,
): Promise<ArrayBuffer | null> {
  const entry = manifest.files.find(({ name }) => name === textFileNames[role]);
  if (entry === undefined) return null;
  return readFlatFile(directory, entry, { verification: everyByte, Buffer: ArrayBuffer });
}
