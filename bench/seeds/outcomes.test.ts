import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcomes, outcomesTable } from './outcomes.js';

const row = (model: string, value: number) => ({
  split: 'test',
  model,
  values: { 'recall@10': value },
});

// Would catch metrics that are averaged over models, and runs whose rows are in another order.
test('a metric is averaged over the runs, of the same split and model', () => {
  const found = outcomes([
    [row('hllm', 0.2), row('popularity', 0.1)],
    [row('popularity', 0.1), row('hllm', 0.3)],
  ]);
  assert.deepEqual(
    found.map(({ model, mean, values }) => [model, mean, values]),
    [
      ['hllm', 0.25, [0.2, 0.3]],
      ['popularity', 0.1, [0.1, 0.1]],
    ],
  );
  assert.match(outcomesTable(found), /test +hllm +recall@10 +0\.2500 ± 0\.6353 +0\.2000 0\.3000/);
});

// Would catch a mean over fewer runs than were asked for.
test('a run without the metric is an error', () => {
  assert.throws(() => outcomes([[row('hllm', 1)], [row('best', 1)]]), /no recall@10 of hllm/);
});
