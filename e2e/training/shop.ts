/**
 * For tests: a shop's catalogue. Every text begins with the same words of boilerplate, and ends with a
 * name of two words that no other item has. Users go through the catalogue item by item, so that there is
 * something to learn.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importDataset } from '../../dataset/import/import-dataset.js';
import { Random } from '../../shared/random.js';
import type { DatasetInMemory } from './train-in-memory.js';

export interface ShopSize {
  readonly items: number;
  readonly users: number;
  /** Items of each user. */
  readonly history: number;
  /** Words. */
  readonly boilerplate: number;
}

export function shopInMemory(size: ShopSize): DatasetInMemory {
  const { items, users, history, boilerplate } = size;
  const length = boilerplate + 2;
  return {
    digest: 'shop',
    vocabularySize: boilerplate + 2 * namesOf(size),
    itemTokens: Int32Array.from(textsOf(size).flat()),
    itemTokenOffsets: Uint32Array.from({ length: items + 1 }, (_, item) => length * item),
    sequenceItems: Int32Array.from(sequencesOf(size).flat()),
    sequenceLabels: null,
    sequenceOffsets: Uint32Array.from({ length: users + 1 }, (_, user) => history * user),
  };
}

/** The same as a dataset's folder, whose path is returned. */
export async function importShop(folder: string, size: ShopSize): Promise<string> {
  const files = { items: join(folder, 'items.csv'), interactions: join(folder, 'inter.csv') };
  mkdirSync(folder, { recursive: true });
  const titles = textsOf(size).map(
    (words, item) => `${item},${words.map((w) => `w${w}`).join(' ')}`,
  );
  writeFileSync(files.items, `item_id,title\n${titles.join('\n')}\n`);
  const rows = sequencesOf(size).flatMap((items, user) =>
    items.map((item, at) => `${item},${user},${at}`),
  );
  writeFileSync(files.interactions, `item_id,user_id,timestamp\n${rows.join('\n')}\n`);
  const output = join(folder, 'shop');
  await importDataset({ format: 'hllm', ...files, output, name: 'shop' });
  return output;
}

/** As many first names as second ones. */
const namesOf = ({ items }: ShopSize): number => Math.ceil(Math.sqrt(items));

function textsOf(size: ShopSize): number[][] {
  const { items, boilerplate } = size;
  const names = namesOf(size);
  return Array.from({ length: items }, (_, item) => [
    ...Array.from({ length: boilerplate }, (_, word) => word),
    boilerplate + Math.floor(item / names),
    boilerplate + names + (item % names),
  ]);
}

function sequencesOf({ items, users, history }: ShopSize): number[][] {
  const random = Random.for(1, 'shop');
  return Array.from({ length: users }, () => {
    const first = random.below(items);
    return Array.from({ length: history }, (_, at) => (first + at) % items);
  });
}
