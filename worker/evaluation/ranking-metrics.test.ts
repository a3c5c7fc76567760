import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rankingMetrics } from './ranking-metrics.js';

test('one user found at the third place counts for the cutoffs that reach it', () => {
  // Catches ranks taken as counted from 1, and a cutoff that excludes its own last place.
  const { users, values } = rankingMetrics([2], [2, 3, 10]);
  assert.equal(users, 1);
  assert.deepEqual(values, {
    'recall@2': 0,
    'ndcg@2': 0,
    'recall@3': 1,
    'ndcg@3': 0.5,
    'recall@10': 1,
    'ndcg@10': 0.5,
  });
});

test('the mean is over all users, those who are missed included', () => {
  // Catches a mean over hits only.
  const { values } = rankingMetrics([0, 500, 1, 9], [10]);
  assert.equal(values['recall@10'], 0.75);
  assert.equal(values['ndcg@10'], (1 + 1 / Math.log2(3) + 1 / Math.log2(11)) / 4);
});

test('nobody to evaluate gives zeros, not NaN', () => {
  assert.deepEqual(rankingMetrics([], [5]), { users: 0, values: { 'recall@5': 0, 'ndcg@5': 0 } });
});

test('metrics grow with the cutoff, and NDCG never exceeds recall', () => {
  // Catches a discount above 1 and a cutoff that is compared the wrong way round.
  fc.assert(
    fc.property(fc.array(fc.nat(300), { minLength: 1 }), (ranks) => {
      const { values } = rankingMetrics(ranks, [5, 10, 50, 200]);
      let [recall, ndcg] = [0, 0];
      for (const cutoff of [5, 10, 50, 200]) {
        assert.ok(values[`recall@${cutoff}`]! >= recall && values[`ndcg@${cutoff}`]! >= ndcg);
        recall = values[`recall@${cutoff}`]!;
        ndcg = values[`ndcg@${cutoff}`]!;
        assert.ok(ndcg <= recall && recall <= 1);
      }
    }),
  );
});
