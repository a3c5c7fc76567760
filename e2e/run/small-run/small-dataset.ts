import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { importDataset } from '../../../dataset/import/import-dataset.js';

const items = ['a', 'b', 'c', 'd', 'e', 'f'];

/**
 * Writes about the smallest dataset that a job can train on; the fake processes do not open it.
 *
 * @param length interactions of each user
 * @param more items that nobody has seen: an evaluation ranks them all the same
 */
export async function smallDataset(output: string, length = items.length, more = 0): Promise<void> {
  const folder = dirname(output);
  mkdirSync(folder, { recursive: true });
  const files = { items: join(folder, 'items.csv'), interactions: join(folder, 'inter.csv') };
  // Distinct texts of few words: whoever learns a tokenizer from them is soon done.
  const others = Array.from({ length: more }, (_, at) => [...String(at)].join(' '));
  const titles = [...items, ...others].map((item) => `${item},Volume ${item}`);
  writeFileSync(files.items, `item_id,title\n${titles.join('\n')}\n`);
  const rows = ['u', 'v'].flatMap((user) =>
    items.slice(0, length).map((item, at) => `${item},${user},${at}`),
  );
  writeFileSync(files.interactions, `item_id,user_id,timestamp\n${rows.join('\n')}\n`);
  const catalogue = more === 0 ? 'interacted' : 'all';
  await importDataset({ format: 'hllm', ...files, output, name: 'fake', catalogue });
}
