import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pointsOf } from './line-points.js';
import {
  committedLineOf,
  evaluatedLineOf,
  phasesLineOf,
  startedLineOf,
} from './line-points-fixture.js';

// Would catch a measure that is left out or named otherwise: curves of two versions would not lie in one plot.
test('a step has its measures and its throughput', () => {
  const line = { ...committedLineOf(4), top1: 0.25, live_negatives: 7 };
  assert.deepEqual(
    pointsOf(line).map(({ tag, value }) => `${tag} ${value}`),
    [
      'loss/train 2.5',
      'top1/train 0.25',
      'learning_rate 0.001',
      'gradient_norm 1',
      'live_negatives 7',
      'item_cosine 0.5',
      'step/sequences 8',
      'step/predictions 40',
      'step/item_tokens 100',
      'step/distinct_items 20',
      'step/seconds 0.5',
      'throughput/sequences_per_second 16',
      'throughput/item_tokens_per_second 200',
    ],
  );
});

// Would catch an infinite throughput, which JSON and MLflow have no number for.
test('a step without a duration has no throughput', () => {
  const tags = pointsOf({ ...committedLineOf(1), step_seconds: 0 }).map(({ tag }) => tag);
  assert.ok(tags.every((tag) => !tag.startsWith('throughput/')));
});

// Would catch baselines that are drawn into the model's own curve.
test('an evaluation names split and, beside the own model, whose it is', () => {
  assert.deepEqual(pointsOf(evaluatedLineOf(3)), [
    { tag: 'recall@10/validation', value: 0.25 },
    { tag: 'recall@10/validation/popularity', value: 0.125 },
  ]);
});

// Would catch curves whose number grows with the workers.
test('what is of one worker is no curve', () => {
  assert.deepEqual(pointsOf(phasesLineOf(3, 3)), []);
  assert.deepEqual(pointsOf(startedLineOf(0)), []);
});
