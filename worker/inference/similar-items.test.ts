import assert from 'node:assert/strict';
import { test } from 'node:test';
import { similarItems } from './similar-items.js';

// Would catch dot products that pass for cosines (the long row 2 would come first), and an item that is
// its own neighbour or hides another of the same text.
test('the nearest are those of the smallest angle', () => {
  const catalogue = {
    embeddings_DH: Float32Array.of(1, 0, 3, 0.3, 100, 100),
    groups: {
      groupOf: Int32Array.of(0, 1, 2, 0),
      sizes: Int32Array.of(2, 1, 1),
      representatives: Int32Array.of(0, 1, 2),
    },
  };
  const found = similarItems(catalogue, 2, 0, 3);
  assert.deepEqual(
    found.map(({ item, score }) => [item, score.toFixed(4)]),
    [
      [3, '1.0000'],
      [1, '0.9950'],
      [2, '0.7071'],
    ],
  );
});
