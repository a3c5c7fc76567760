import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HistoryLineOf } from './history-line.js';
import { resultFields } from './result-fields.js';
import { resultOf } from './result-of-line.js';

type Line = HistoryLineOf<'finished'>;

const values = { 'recall@10': 0.25, 'ndcg@10': 0.125 };
const targets = { total: 9, wanted: 4, users: 3, users_of_one_class: 1 };
const split = { users: 9, repeats: 2, tied: 3, tied_popularity: 4, targets };

const line: Line = {
  ...{ kind: 'finished', time: '2026-01-02T00:00:00.000Z', committed_steps: 9, exit_code: 0 },
  ...{ stopped: false, ended_early: true, stage: 'late', final_loss: 3, resume: null },
  best: {
    ...{ metric: 'recall@10', value: 0.5, committed_steps: 6, checkpoint: '/c/6' },
    metrics: { validation: values, test: null },
  },
  live_negatives: { mean: 99, least: 9, least_of_run: 8 },
  ...{ weights_sha256: 'a'.repeat(64), checkpoint: '/c/9' },
  metrics: {
    ...{ validation: values, test: values, popularity: { validation: values, test: values } },
    base_rate: { validation: values, test: values },
  },
  evaluation: {
    ...{ validation: split, test: split },
    ...{ items: 50, users_too_short: 1, cutoffs_above_catalogue: [] },
  },
};

const untrained: Line = {
  ...line,
  ...{ best: null, live_negatives: null, final_loss: null, checkpoint: null, evaluation: null },
  metrics: { validation: null, test: null, popularity: { validation: null, test: null } },
};

// Would catch a result that is another one to whoever reads it from a line.
for (const [name, given] of Object.entries({ evaluated: line, untrained })) {
  test(`the result of a line gives the line again: ${name}`, () => {
    const { kind: _kind, time: _time, exit_code: _code, resume: _resume, ...fields } = given;
    const result = resultOf(given) as Parameters<typeof resultFields>[0];
    assert.deepEqual(resultFields(result), fields);
  });
}
