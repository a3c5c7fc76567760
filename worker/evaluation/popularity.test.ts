import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluatePopularity, popularityPositions } from './popularity.js';

test('frequent items come first, equally frequent ones in the order of their numbers', () => {
  assert.deepEqual([...popularityPositions(Uint32Array.of(1, 5, 0, 5, 1))], [2, 0, 4, 1, 3]);
});

test('counts what is trained on, asks for what is held out, masks the history', () => {
  // Catches held-out items in the counts, and a test history without the validation item.
  const dataset = {
    users: 3,
    items: 5,
    sequenceOffsets: Uint32Array.of(0, 4, 8, 10),
    // Training: 0 1 | 0 2; validation: 2 | 1; test: 3 | 4; the last user has too few items.
    sequenceItems: Int32Array.of(0, 1, 2, 3, 0, 2, 1, 4, 4, 4),
  };
  // Order: 0 1 2 3 4. Validation ranks: 2 after masking 0 1 -> 0; 1 after masking 0 2 -> 0.
  assert.deepEqual(evaluatePopularity(dataset, 'validation', [1]), {
    users: 2,
    values: { 'recall@1': 1, 'ndcg@1': 1 },
  });
  // Test ranks: 3 after masking 0 1 2 -> 0; 4 after masking 0 2 1 -> 1.
  assert.deepEqual(evaluatePopularity(dataset, 'test', [1, 2]).values, {
    'recall@1': 0.5,
    'ndcg@1': 0.5,
    'recall@2': 1,
    'ndcg@2': (1 + 1 / Math.log2(3)) / 2,
  });
});
