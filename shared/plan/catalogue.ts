/**
 * The items of a dataset as a plan sees them: which of them read the same, how much of their texts
 * the model reads, and who comes first.
 */
import { firstOfText, type ItemTokens } from './same-texts.js';

export interface PlanCatalogue {
  readonly items: number;
  /**
   * The item that stands for each one in a plan: the first with the same text. Equal texts have one
   * row in a step, which is encoded once and is no negative of itself. [items]
   */
  readonly textOf: Int32Array;
  /** Rank of each item when they are sorted by cost, then by id. [items] */
  readonly rankOf: Int32Array;
  /** The item of each rank. [items] */
  readonly itemAt: Int32Array;
  /** What the item model reads for each item: its cut text and one token for the embedding. [items] */
  readonly costs: Int32Array;
}

/**
 * @param maxTextLength tokens that the model reads of a text: longer ones are cut, and cost no more.
 */
export function planCatalogue(dataset: ItemTokens, maxTextLength: number): PlanCatalogue {
  const { itemTokenOffsets } = dataset;
  const items = itemTokenOffsets.length - 1;
  const costs = new Int32Array(items);
  // One number to sort by, cost before id; exact up to 2^53, so for any catalogue.
  const keys = new Float64Array(items);
  for (let item = 0; item < items; item++) {
    const text = (itemTokenOffsets[item + 1] as number) - (itemTokenOffsets[item] as number);
    const cost = Math.min(text, maxTextLength) + 1;
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
  return { items, textOf: firstOfText(dataset, maxTextLength), rankOf, itemAt, costs };
}
