/** `bench tastes`: such a catalogue as files that `lockstep data import` reads. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeTastes, type Tastes, type TastesOptions } from './tastes.js';

/** About ml-latest-small: 610 users, 100,000 interactions with 9,540 items, of which 2,646 once. */
const likeMovieLensSmall: TastesOptions = {
  seed: 1,
  users: 610,
  items: 12_300,
  fewest: 28,
  most: 2700,
  genresOfUser: 2,
  shareOfTaste: 0.75,
  flatness: 150,
};

export async function benchTastes(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { output: { type: 'string' } } });
  if (values.output === undefined) throw new Error('--output is missing');
  const tastes = makeTastes(likeMovieLensSmall);
  writeTastes(values.output, tastes);
  const interactions = tastes.histories.reduce((sum, history) => sum + history.length, 0);
  const { items, histories } = tastes;
  console.log(JSON.stringify({ users: histories.length, items: items.length, interactions }));
}

/** Writes `items.csv` and `interactions.csv` and returns their paths. */
export function writeTastes(
  folder: string,
  { items, histories }: Tastes,
): { readonly items: string; readonly interactions: string } {
  const files = {
    items: join(folder, 'items.csv'),
    interactions: join(folder, 'interactions.csv'),
  };
  mkdirSync(folder, { recursive: true });
  const texts = items.map(({ title, genres }, item) => `${item},${title},${genres}\n`);
  const rows = histories.flatMap((history, user) =>
    Array.from(history, (item, at) => `${item},${user},${at}\n`),
  );
  writeFileSync(files.items, ['item_id,title,genres\n', ...texts].join(''));
  writeFileSync(files.interactions, ['item_id,user_id,timestamp\n', ...rows].join(''));
  return files;
}
