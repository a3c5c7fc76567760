import type { CatalogueTexts } from '../../../dataset/dataset.js';
import type { ItemTexts } from '../../model/items/packed-items.js';

/**
 * The texts of `items`, in that order, each cut to its first `maxTextLength` tokens.
 *
 * @param items catalogue ids. [n]
 */
export function itemTexts(
  catalogue: CatalogueTexts,
  items: Int32Array,
  maxTextLength: number,
): ItemTexts {
  const { itemTokens, itemTokenOffsets } = catalogue;
  const offsets = new Uint32Array(items.length + 1);
  items.forEach((item, index) => {
    const length = (itemTokenOffsets[item + 1] as number) - (itemTokenOffsets[item] as number);
    offsets[index + 1] = (offsets[index] as number) + Math.min(length, maxTextLength);
  });
  const tokens = new Int32Array(offsets[items.length] as number);
  items.forEach((item, index) => {
    const [at, end] = [offsets[index] as number, offsets[index + 1] as number];
    const start = itemTokenOffsets[item] as number;
    tokens.set(itemTokens.subarray(start, start + end - at), at);
  });
  return { tokens, offsets };
}
