/**
 * The embeddings of a whole catalogue, each text once: members encode the texts of their lanes, and
 * everyone gathers all.
 *
 * Legend: D distinct texts, H hidden size.
 */
import type { CatalogueTexts, Dataset } from '../../dataset/dataset.js';
import type { Exchange } from '../collective/exchange.js';
import type { Tag } from '../collective/tag.js';
import type { Hllm } from '../model/hllm.js';
import { packItems } from '../model/items/packed-items.js';
import { itemTexts } from '../training/batches/item-texts.js';
import { LaneDeal, type Share } from '../training/step/lane-deal.js';

export interface CatalogueParts {
  readonly dataset: Dataset;
  readonly model: Hllm;
  readonly exchange: Exchange;
}

/** Bound of one batch: its activations must fit beside the weights. */
export const itemsOfBatch = 256;

/**
 * As the user model reads them, in the order of `items`. [D * H]
 *
 * @param items catalogue ids. [D]
 * @param onBatch awaited before each batch of this member's own; `encoded` of them are done
 */
export async function encodeCatalogue(
  { dataset, exchange, model }: CatalogueParts,
  items: Int32Array,
  tag: Tag,
  onBatch: (encoded: number) => Promise<void>,
): Promise<Float32Array> {
  const hidden = model.hiddenSize;
  const deal = new LaneDeal(exchange);
  const matrix_DH = new Float32Array(new SharedArrayBuffer(items.length * hidden * 4));
  let encoded = 0;
  for (const [first, last] of deal.own(items.length)) {
    for (let at = first; at < last; at += itemsOfBatch) {
      await onBatch(encoded);
      const share: Share = [at, Math.min(last, at + itemsOfBatch)];
      encodeBatch({ dataset, model }, items, share, matrix_DH);
      encoded += share[1] - share[0];
    }
  }
  const parts = deal
    .ofMembers(items.length)
    .map(([start, end]) => matrix_DH.subarray(start * hidden, end * hidden));
  await exchange.allGather(tag, parts);
  return matrix_DH;
}

/** Writes the rows of places first..last of `items`. */
export function encodeBatch(
  { dataset, model }: { readonly dataset: CatalogueTexts; readonly model: Hllm },
  items: Int32Array,
  [first, last]: Share,
  matrix_DH: Float32Array,
): void {
  const hidden = model.hiddenSize;
  const places = byLength(dataset, items, first, last);
  const ids = places.map((place) => items[place] as number);
  const texts = itemTexts(dataset, ids, model.config.maxTextLength);
  const rows = model.embedItems(packItems(texts, model.config));
  places.forEach((place, row) => {
    matrix_DH.set(rows.subarray(row * hidden, (row + 1) * hidden), place * hidden);
  });
}

/** Places first..last of `items`, shortest text first. */
function byLength(
  { itemTokenOffsets }: CatalogueTexts,
  items: Int32Array,
  first: number,
  last: number,
): Int32Array {
  const cost = (place: number): number => {
    const item = items[place] as number;
    return (itemTokenOffsets[item + 1] as number) - (itemTokenOffsets[item] as number);
  };
  return Int32Array.from({ length: last - first }, (_, index) => first + index).sort(
    (a, b) => cost(a) - cost(b) || a - b,
  );
}
