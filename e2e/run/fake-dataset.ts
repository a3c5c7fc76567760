import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { importDataset } from '../../dataset/import/import-dataset.js';

/** Writes the smallest dataset that a job may name; the fake processes do not open it. */
export async function fakeDataset(output: string): Promise<void> {
  const folder = dirname(output);
  mkdirSync(folder, { recursive: true });
  const files = { items: join(folder, 'items.csv'), interactions: join(folder, 'inter.csv') };
  writeFileSync(files.items, 'item_id,title\na,Toy Story\nb,Heat\nc,Alien\n');
  const rows = ['u', 'v'].flatMap((user) =>
    ['a', 'b', 'c'].map((item, at) => `${item},${user},${at}`),
  );
  writeFileSync(files.interactions, `item_id,user_id,timestamp\n${rows.join('\n')}\n`);
  await importDataset({ format: 'hllm', ...files, output, name: 'fake' });
}
