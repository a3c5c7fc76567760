/** The items of a dataset as a plan sees them: how long their texts are, and who comes first. */
import type { PlanDataset } from './plan-input.js';

export interface PlanCatalogue {
  readonly items: number;
  /** Rank of each item when they are sorted by text length, then by id. [items] */
  readonly rankOf: Int32Array;
  /** The item of each rank. [items] */
  readonly itemAt: Int32Array;
  /** What the item model reads for each item: its text and one token for the embedding. [items] */
  readonly costs: Int32Array;
}

export function planCatalogue({ itemTokenOffsets }: PlanDataset): PlanCatalogue {
  const items = itemTokenOffsets.length - 1;
  const costs = new Int32Array(items);
  // One number to sort by, length before id; exact up to 2^53, so for any catalogue.
  const keys = new Float64Array(items);
  for (let item = 0; item < items; item++) {
    const cost = (itemTokenOffsets[item + 1] as number) - (itemTokenOffsets[item] as number) + 1;
    costs[item] = cost;
    keys[item] = cost * items + item;
  }
  keys.sort();
  const rankOf = new Int32Array(items);
  const itemAt = new Int32Array(items);
  for (let rank = 0; rank < items; rank++) {
    const item = (keys[rank] as number) % items;
    itemAt[rank] = item;
    rankOf[item] = rank;
  }
  return { items, rankOf, itemAt, costs };
}
