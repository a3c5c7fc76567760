import assert from 'node:assert/strict';
import { test } from 'node:test';
import { snakeCase } from './json-line.js';

// Would catch two spellings of one name, depending on which command prints it.
test('names become snake_case at every depth, and values stay what they are', () => {
  assert.deepEqual(
    snakeCase({
      itemTokens: 3,
      report: { users: { tooShortToTrain: 1 }, words: null },
      filters: [{ minRating: 'aB', at: 1.5 }],
      'recall@10': true,
      step_seconds: 2,
    }),
    {
      item_tokens: 3,
      report: { users: { too_short_to_train: 1 }, words: null },
      filters: [{ min_rating: 'aB', at: 1.5 }],
      'recall@10': true,
      step_seconds: 2,
    },
  );
});
