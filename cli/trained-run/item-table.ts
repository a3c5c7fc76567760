/** Scored items for people and for machines. Pure. */
import type { ScoredItem } from '../../worker/inference/top-items.js';
import { aligned } from '../output/text/aligned.js';
import { printable } from '../output/text/printable.js';
import type { ItemNames } from './find-item.js';

export interface ItemRow {
  /** From 1. */
  readonly rank: number;
  readonly item: string;
  /** Null where the dataset keeps no titles. */
  readonly title: string | null;
  readonly score: number;
}

export const itemRows = (items: readonly ScoredItem[], { ids, title }: ItemNames): ItemRow[] =>
  items.map(({ item, score }, at) => ({
    rank: at + 1,
    item: ids.idOf(item),
    title: title?.(item) ?? null,
    score,
  }));

/** A longer title would push the scores off the screen. */
const longestTitle = 60;

/** @param score what the scores are, as the head of their column */
export function itemTable(rows: readonly ItemRow[], score: string): string {
  const width = `${rows.length}`.length;
  const numbered = rows.map((row) => [
    `${`${row.rank}`.padStart(width)}  ${row.title === null ? printable(row.item) : short(printable(row.title))}`,
    ...(row.title === null ? [] : [printable(row.item)]),
    row.score.toFixed(4),
  ]);
  const hasTitles = rows.some(({ title }) => title !== null);
  const head = [`${'#'.padStart(width)}  ${hasTitles ? 'title' : 'item'}`];
  return aligned([[...head, ...(hasTitles ? ['item'] : []), score], ...numbered]).join('\n');
}

const short = (title: string): string =>
  title.length > longestTitle ? `${title.slice(0, longestTitle - 1)}…` : title;
