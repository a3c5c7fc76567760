import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveJob } from '../../shared/job-spec/job-spec.js';
import type { Fact, SplitMetrics } from '../training/messages.js';
import type { EvaluationRequest } from './evaluate.js';
import { Validation } from './validation.js';

const specOf = (evaluation: object, best?: string) =>
  resolveJob({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'validated' },
    spec: { data: { path: 'none' }, evaluation, checkpoint: best === undefined ? {} : { best } },
  }).spec;

const row = (model: SplitMetrics['model'], mrr: number): SplitMetrics => ({
  ...{ split: 'validation', model, users: 3, tooShort: 0, repeats: 0, tied: 0, items: 9 },
  values: { mrr },
});

/** A run of 25 steps whose evaluations have these values. */
async function run(spec: ReturnType<typeof specOf>, values: readonly number[]) {
  const asked: EvaluationRequest[] = [];
  const told: Fact[] = [];
  const evaluator = {
    evaluate: async (request: EvaluationRequest) => {
      // Popularity is better than all of them: it is not what is chosen by.
      const rows = [row('hllm', values[asked.length] as number), row('popularity', 0.9)];
      asked.push(request);
      return rows;
    },
  };
  const validation = new Validation({
    spec,
    totalSteps: 25,
    best: null,
    tell: (message) => told.push(message),
  });
  const improved: number[] = [];
  let steps = 0;
  while (steps < 25 && !validation.isPatienceOver) {
    steps++;
    const validated = await validation.evaluate(steps, evaluator);
    if (validated !== null && validation.take(validated)) improved.push(steps);
  }
  return { asked, told, improved, steps, validation };
}

test('the validation split is evaluated every so many steps and after the last, never the test split', async () => {
  // Catches a look at the test split while choices are still made, and a last model without a value.
  const { asked, told } = await run(specOf({ everySteps: 10 }), [0.1, 0.2, 0.3]);
  assert.deepEqual(
    asked.map(({ splits, step }) => [...splits, step]),
    [
      ['validation', 10],
      ['validation', 20],
      ['validation', 25],
    ],
  );
  assert.deepEqual(
    told.map((message) => message.kind === 'validated' && message.best),
    [null, null, null],
  );
});

test('a job that asks for none gets none', async () => {
  assert.equal((await run(specOf({}), [])).asked.length, 0);
});

test('weights that are better than all before should stay; the end comes when patience is over', async () => {
  // Catches a choice by popularity's row, and an end that comes one evaluation early or late.
  const spec = specOf({ everySteps: 5, patience: 2 }, 'mrr');
  const { improved, steps, validation } = await run(spec, [0.1, 0.2, 0.2, 0.1, 0.5]);
  assert.deepEqual(improved, [5, 10]);
  assert.equal(steps, 20);
  assert.equal(validation.best?.committedSteps, 10);
  assert.equal(validation.rowsOf(20)?.length, 2);
  assert.equal(validation.rowsOf(10), null);
});
