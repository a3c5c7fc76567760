import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterEvaluation, type BestSoFar, isPatienceOver } from './best-so-far.js';

const evaluated = (committedSteps: number, value: number, metric = 'ndcg@10') =>
  ({ metric, repeats: 'allow', value, committedSteps }) as const;

const after = (values: readonly number[]): BestSoFar =>
  values.reduce<BestSoFar | null>(
    (before, value, index) => afterEvaluation(before, evaluated(10 * (index + 1), value)),
    null,
  ) as BestSoFar;

test('the best is the first of the highest values', () => {
  // Catches a later checkpoint that replaces an equal one.
  const best = after([0.1, 0.3, 0.2, 0.3]);
  assert.deepEqual([best.committedSteps, best.value, best.evaluationsSince], [20, 0.3, 2]);
});

test('of the log-loss, less is better', () => {
  // Catches the worst checkpoint that is kept as the best.
  const first = afterEvaluation(null, evaluated(10, 0.6, 'logloss'));
  const second = afterEvaluation(first, evaluated(20, 0.5, 'logloss'));
  const third = afterEvaluation(second, evaluated(30, 0.7, 'logloss'));
  assert.deepEqual([third.committedSteps, third.evaluationsSince], [20, 1]);
});

test('patience ends after so many evaluations in a row that are no better', () => {
  // Catches a count that begins with the best itself, or that is not reset by a better one.
  assert.equal(isPatienceOver(after([0.3, 0.2]), 2), false);
  assert.equal(isPatienceOver(after([0.3, 0.2, 0.1]), 2), true);
  assert.equal(isPatienceOver(after([0.3, 0.2, 0.4, 0.1]), 2), false);
  assert.equal(isPatienceOver(after([0.3, 0.2, 0.1]), undefined), false);
  assert.equal(isPatienceOver(null, 1), false);
});

test('another metric, or other users, begin anew', () => {
  // Catches a recall that is compared with the NDCG of the run that is resumed.
  const before = after([0.9, 0.1]);
  const other = afterEvaluation(before, evaluated(30, 0.2, 'mrr'));
  assert.deepEqual(other, { ...evaluated(30, 0.2, 'mrr'), evaluationsSince: 0 });
  const others = { ...evaluated(30, 0.2), repeats: 'exclude' } as const;
  assert.equal(afterEvaluation(before, others).committedSteps, 30);
});
