import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultEpochCount, defaultLearningRate, warmupOf } from './defaults.js';
import { parseJob } from './job-spec.js';

const job = (...sets: string[]) =>
  parseJob(
    'apiVersion: lockstep.dev/v1alpha1\nkind: TrainingJob\nmetadata: {name: a}\nspec: {data: {path: d}}',
    sets,
  );

// Would catch a rate that suits small models only, and one that changes what a job has said.
test('the learning rate falls with the width, from the default one on', () => {
  assert.equal(defaultLearningRate(16), 0.003);
  assert.equal(defaultLearningRate(64), 0.003);
  assert.ok(Math.abs(defaultLearningRate(2048) - 1e-4) < 1e-5);
  const wide = ['model.item.hiddenSize=128', 'model.user.hiddenSize=128'];
  assert.equal(job(...wide).spec.optimizer.learningRate, 0.0015);
  assert.equal(job(...wide, 'optimizer.learningRate=0.1').spec.optimizer.learningRate, 0.1);
});

// Would catch a training of one step at the rate zero, and a warm-up that is all there is.
test('the warm-up is a tenth of the steps, and short beside a long training', () => {
  const steps = [1, 9, 10, 380, 1_500_000];
  assert.deepEqual(
    steps.map((total) => warmupOf({ kind: 'cosine' }, total)),
    [0, 0, 1, 38, 2000],
  );
  assert.equal(warmupOf({ kind: 'cosine', warmupSteps: 0 }, 380), 0);
  assert.equal(warmupOf({ kind: 'linear', warmupSteps: 7 }, 380), 7);
});

// Would catch a job that grows and thereby changes the steps that it has made.
test('a constant schedule warms up only where the job says so', () => {
  assert.equal(warmupOf({ kind: 'constant' }, 1000), 0);
  assert.equal(warmupOf({ kind: 'constant', warmupSteps: 5 }, 1000), 5);
});

test('a default duration is never shorter than ten epochs or a hundred steps', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), (perEpoch) => {
      const epochs = defaultEpochCount(perEpoch);
      assert.ok(epochs >= 10 && epochs * perEpoch >= 100);
      // One less would not do.
      assert.ok(epochs === 10 || (epochs - 1) * perEpoch < 100);
    }),
  );
});
