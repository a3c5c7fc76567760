import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { step } from '../ids.js';
import { resolveJob } from '../job-spec/job-spec.js';
import { JobPlanner } from './job-planner.js';
import { planDataset } from './plan-fixture.js';
import { Planner } from './planner.js';
import { stageAt, stagesOf, stepsOfStages } from './stages.js';

const dataset = planDataset([5, 9, 4, 7, 12, 6], 30);

const jobOf = (stages: readonly Record<string, unknown>[] | undefined, steps?: number) =>
  resolveJob({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'staged' },
    spec: {
      data: { dataset: 'movielens-100k' },
      batch: { sequences: 2 },
      objective: { negatives: { total: 4 } },
      ...(stages && { stages }),
      ...(steps !== undefined && { duration: { steps } }),
    },
  });

const named = (lengths: readonly number[]) =>
  lengths.map((steps, index) => ({ name: `stage-${index}`, duration: { steps } }));

// Would catch a border that is off by one: a step of the next stage under the objective of this one.
test('every step is one of exactly one stage, in their order', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(lengths, (steps) => {
      const stages = stagesOf(jobOf(named(steps)), dataset);
      const total = steps.reduce((sum, count) => sum + count, 0);
      assert.equal(stepsOfStages(stages), total);
      const found = Array.from({ length: total }, (_, at) => stageAt(stages, at).index);
      assert.deepEqual(
        found,
        steps.flatMap((count, index) => new Array<number>(count).fill(index)),
      );
      assert.equal(stageAt(stages, total).index, steps.length - 1);
    }),
  );
});

test('a job without stages has one that spans it', () => {
  const [only, ...others] = stagesOf(jobOf(undefined, 7), dataset);
  assert.deepEqual([others.length, only?.start, only?.end, only?.name], [0, 0, 7, null]);
});

// Would catch plans that depend on the order in which they were asked for, and a stage that is
// planned from the middle of its order of sequences.
test('the plan of a stage is that of its own job, under the number of the step', () => {
  const job = jobOf([
    { name: 'first', duration: { steps: 3 } },
    {
      name: 'second',
      duration: { steps: 4 },
      batch: { sequences: 3 },
      data: { sequences: { maxLength: 4 } },
    },
  ]);
  const [, second] = stagesOf(job, dataset);
  assert.ok(second !== undefined);
  const planner = new JobPlanner(job, dataset);
  assert.equal(planner.totalSteps, 7);
  const alone = new Planner(second.job, dataset);
  for (const at of [5, 2, 3, 6, 4]) {
    const expected =
      at < 3
        ? new JobPlanner(job, dataset).plan(step(at))
        : { ...alone.plan(step(at - 3)), step: step(at) };
    assert.deepEqual(planner.plan(step(at)), expected);
  }
});

// Would catch a second stage that trains on the batches of the first once more.
test('stages do not repeat the draws of each other', () => {
  const planner = new JobPlanner(jobOf(named([3, 3])), dataset);
  assert.notDeepEqual(planner.plan(step(0)).users, planner.plan(step(3)).users);
});
