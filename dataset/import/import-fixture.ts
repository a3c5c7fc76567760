/** Small input files in a folder of their own, for tests. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ImportOptions } from './import-options.js';

export const goodItems = 'item_id,title,tag\na,Toy Story,film\nb,"Heat, The",crime\nc,Alien,\n';
export const goodInteractions =
  'item_id,user_id,timestamp\na,u1,3\nb,u2,1\nb,u1,1\nc,u1,2\na,u2,2\nc,u2,3\n';

/** A new folder that is gone after the test. */
export function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-dataset-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes the two files and says how to import them into `FOLDER/out`. */
export function writeInput(
  folder: string,
  items: string | Uint8Array = goodItems,
  interactions: string | Uint8Array = goodInteractions,
): ImportOptions {
  const files = { items: join(folder, 'items.csv'), interactions: join(folder, 'inter.csv') };
  writeFileSync(files.items, items);
  writeFileSync(files.interactions, interactions);
  return { format: 'hllm', ...files, output: join(folder, 'out'), name: 'tiny' };
}
