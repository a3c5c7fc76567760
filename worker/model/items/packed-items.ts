/**
 * The texts of a lane's items as the rows that the Item LLM reads: text after text, each with its
 * [ITEM] token where the model has one, no padding.
 *
 * Legend: n items, T rows of all texts.
 */

import { type PackedLayout, packedLayout } from '../decoder/packed-layout.js';
import type { ModelConfig } from '../model-config.js';

/** Stands for the [ITEM] token, which is no word of the vocabulary. */
export const itemToken = -1;

/** Texts of n items, CSR. Sort them by length: neighbours of equal length are computed at once. */
export interface ItemTexts {
  /** Token ids, without the [ITEM] token. */
  readonly tokens: Int32Array;
  /** Item i's text is tokens[offsets[i]..offsets[i+1]). [n+1] */
  readonly offsets: Uint32Array;
}

export interface PackedItems {
  /** Token of each row; `itemToken` stands for [ITEM]. [T] */
  readonly tokens: Int32Array;
  readonly positions: Int32Array;
  readonly layout: PackedLayout;
  /** Tokens of the texts alone. */
  readonly textTokens: number;
}

export type ItemFormat = Pick<ModelConfig, 'itemEmbedding' | 'maxTextLength'>;

/** A text of n tokens has the positions maxTextLength - n and on, so that all texts end alike. */
export function packItems({ tokens, offsets }: ItemTexts, format: ItemFormat): PackedItems {
  const extra = format.itemEmbedding === 'item-token' ? 1 : 0;
  const lengths = Array.from(
    { length: offsets.length - 1 },
    (_, item) => (offsets[item + 1] as number) - (offsets[item] as number) + extra,
  );
  const layout = packedLayout(lengths);
  const rowTokens = new Int32Array(layout.rows).fill(itemToken);
  const positions = new Int32Array(layout.rows);
  let row = 0;
  lengths.forEach((length, item) => {
    rowTokens.set(tokens.subarray(offsets[item], offsets[item + 1]), row);
    const first = format.maxTextLength - (length - extra);
    for (let at = 0; at < length; at++) positions[row + at] = first + at;
    row += length;
  });
  return { tokens: rowTokens, positions, layout, textTokens: tokens.length };
}
