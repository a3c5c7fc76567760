import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluatePopularity } from './popularity.js';
import { questions } from './questions.js';

type Dataset = Parameters<typeof evaluatePopularity>[0];

const evaluated = (dataset: Dataset, split: 'validation' | 'test', cutoffs: readonly number[]) =>
  evaluatePopularity(dataset, questions(dataset, split, 'allow'), { cutoffs, repeats: 'allow' });

test('counts what is trained on, asks for what is held out, masks the history', () => {
  // Catches held-out items in the counts, and a test history without the validation item.
  const dataset = {
    users: 4,
    items: 6,
    sequenceOffsets: Uint32Array.of(0, 4, 8, 12, 14),
    // Training: 0 1 | 0 2 | 0 1; validation: 2 | 1 | 3; test: 3 | 5 | 2; one user has too few items.
    sequenceItems: Int32Array.of(0, 1, 2, 3, 0, 2, 1, 5, 0, 1, 3, 2, 4, 4),
  };
  // Counts: 3 for item 0, 2 for 1, 1 for 2, 0 for 3 4 5. Validation, without 0 1 | 0 2 | 0 1: item 2
  // and item 1 are first, item 3 is one of three behind item 2.
  assert.deepEqual(evaluated(dataset, 'validation', [1, 2]), {
    users: 3,
    tied: 1,
    values: {
      'recall@1': 2 / 3,
      'ndcg@1': 2 / 3,
      'recall@2': (2 + 1 / 3) / 3,
      'ndcg@2': (2 + 1 / Math.log2(3) / 3) / 3,
      mrr: (2 + (1 / 2 + 1 / 3 + 1 / 4) / 3) / 3,
    },
  });
  // Test, without 0 1 2 | 0 2 1 | 0 1 3: items 3 and 5 are each one of three, item 2 is first.
  assert.equal(evaluated(dataset, 'test', [1]).values['recall@1'], (1 / 3 + 1 / 3 + 1) / 3);
});

test('equally popular items are at no advantage for their numbers', () => {
  // Catches ties that are broken by item number, which gives the baseline what the order of the file
  // happens to know: 0.58 on twelve equally popular items.
  const dataset = {
    users: 12,
    items: 12,
    sequenceOffsets: Uint32Array.from({ length: 13 }, (_, user) => 3 * user),
    // Each user ends with the item behind the first one's: a file in the order of a series.
    sequenceItems: Int32Array.from({ length: 36 }, (_, at) => {
      const user = Math.floor(at / 3);
      return [user, (user + 6) % 12, (user + 1) % 12][at % 3] as number;
    }),
  };
  const { tied, values } = evaluated(dataset, 'test', [1, 5]);
  assert.equal(tied, 12);
  assert.ok(Math.abs((values['recall@1'] as number) - 1 / 10) < 1e-12);
  assert.ok(Math.abs((values['recall@5'] as number) - 5 / 10) < 1e-12);
});
