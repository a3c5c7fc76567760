import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { importDataset } from '../../../dataset/import/import-dataset.js';

const items = ['a', 'b', 'c', 'd', 'e', 'f'];

interface Size {
  readonly users?: readonly string[];
  /** Interactions of each user. */
  readonly length?: number;
  /** Items that nobody has seen: an evaluation ranks them all the same. */
  readonly unseen?: number;
}

/** Writes about the smallest dataset that a job can train on; the fake processes do not open it. */
export async function smallDataset(output: string, size: Size = {}): Promise<void> {
  const { users = ['u', 'v'], length = items.length, unseen = 0 } = size;
  const folder = dirname(output);
  mkdirSync(folder, { recursive: true });
  const files = { items: join(folder, 'items.csv'), interactions: join(folder, 'inter.csv') };
  // Distinct texts of few words: whoever learns a tokenizer from them is soon done.
  const others = Array.from({ length: unseen }, (_, at) => [...String(at)].join(' '));
  const titles = [...items, ...others].map((item) => `${item},Volume ${item}`);
  writeFileSync(files.items, `item_id,title\n${titles.join('\n')}\n`);
  const rows = users.flatMap((user) =>
    items.slice(0, length).map((item, at) => `${item},${user},${at}`),
  );
  writeFileSync(files.interactions, `item_id,user_id,timestamp\n${rows.join('\n')}\n`);
  const catalogue = unseen === 0 ? 'interacted' : 'all';
  await importDataset({ format: 'hllm', ...files, output, name: 'fake', catalogue });
}
