import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { itemTexts } from './item-texts.js';

/** Three items: [1 2 3], [4], [5 6 7 8]. */
const dataset = {
  itemTokens: Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  itemTokenOffsets: Uint32Array.of(0, 3, 4, 8),
} as unknown as Parameters<typeof itemTexts>[0];

describe('item texts', () => {
  // Would catch texts in catalogue order, and a cut that keeps the end of a text.
  it('come in the order asked for, each cut to its first tokens', () => {
    const { tokens, offsets } = itemTexts(dataset, Int32Array.of(2, 0, 1), 2);
    assert.deepEqual([...tokens], [5, 6, 1, 2, 4]);
    assert.deepEqual([...offsets], [0, 2, 4, 5]);
  });

  // Would catch an offset list without its leading zero.
  it('of no items are empty', () => {
    const { tokens, offsets } = itemTexts(dataset, Int32Array.of(), 2);
    assert.deepEqual([tokens.length, [...offsets]], [0, [0]]);
  });
});
