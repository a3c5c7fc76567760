import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textGroups } from './text-groups.js';

test('items of one text are a group, named after the first of them', () => {
  // Catches groups numbered by item, and sizes that miss the first item or count it twice.
  const texts = {
    itemTokens: Int32Array.of(7, 8, 7, 9, 7, 8),
    itemTokenOffsets: Uint32Array.of(0, 1, 2, 3, 4, 6),
  };
  assert.deepEqual(textGroups(texts, 4), {
    groupOf: Int32Array.of(0, 1, 0, 2, 3),
    sizes: Int32Array.of(2, 1, 1, 1),
    representatives: Int32Array.of(0, 1, 3, 4),
  });
  assert.deepEqual([...textGroups(texts, 1).groupOf], [0, 1, 0, 2, 0]);
});
