import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { itemToken, packItems } from './packed-items.js';

/** [1 2], [3], [4]. */
const texts = { tokens: Int32Array.of(1, 2, 3, 4), offsets: Uint32Array.of(0, 2, 3, 4) };

describe('packed items', () => {
  // Would catch an [ITEM] token at the wrong end, and positions that count from the front.
  it('end every text with its [ITEM] token, all at the same position', () => {
    const packed = packItems(texts, { itemEmbedding: 'item-token', maxTextLength: 6 });
    assert.deepEqual([...packed.tokens], [1, 2, itemToken, 3, itemToken, 4, itemToken]);
    assert.deepEqual([...packed.positions], [4, 5, 6, 5, 6, 5, 6]);
    assert.deepEqual(packed.layout.groups, [
      { firstRow: 0, count: 1, length: 3, leaves: 0 },
      { firstRow: 3, count: 2, length: 2, leaves: 0 },
    ]);
    assert.equal(packed.textTokens, 4);
  });

  // Would catch a row too many where the embedding is a mean.
  it('have no [ITEM] token where the embedding is the mean of the states', () => {
    const packed = packItems(texts, { itemEmbedding: 'mean', maxTextLength: 6 });
    assert.deepEqual([...packed.tokens], [1, 2, 3, 4]);
    assert.deepEqual([...packed.positions], [4, 5, 5, 5]);
  });

  it('of no items have no rows', () => {
    const none = { tokens: new Int32Array(), offsets: Uint32Array.of(0) };
    const packed = packItems(none, { itemEmbedding: 'item-token', maxTextLength: 6 });
    assert.deepEqual([packed.layout.rows, packed.textTokens], [0, 0]);
  });
});
