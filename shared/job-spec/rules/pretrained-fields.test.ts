import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobDigest } from '../job-digest.js';
import { readJobValue, resolveJob, type TrainingJob } from '../job-spec.js';
import { windowProblems, withPretrainedFields } from './pretrained-fields.js';

const text = `
apiVersion: lockstep.dev/v1alpha1
kind: TrainingJob
metadata: { name: test }
spec:
  data: { path: /data }
  model: { item: { pretrained: { path: /m } }, user: { pretrained: { path: /m, layers: 2 } } }
`;

const shapes = {
  hiddenSize: 576,
  layers: 30,
  heads: 9,
  headSize: 64,
  keyValueHeads: 3,
  intermediateSize: 1536,
  normEps: 1e-5,
  ropeTheta: 100_000,
};

const jobOf = (...overrides: readonly string[]): TrainingJob =>
  resolveJob(withPretrainedFields(readJobValue(text, overrides), { item: shapes, user: shapes }));

// Catches: shapes of the defaults under pretrained weights, and all layers where a few were asked for.
test('a pretrained tower has the shapes of its weights', () => {
  const { item, user } = jobOf().spec.model;
  const { headSize: _, ...resolved } = shapes;
  assert.deepEqual(item, { ...resolved, pretrained: { path: '/m' } });
  assert.deepEqual(user, { ...resolved, layers: 2, pretrained: { path: '/m', layers: 2 } });
});

// Catches: a job that says one model and trains another.
test('fields that say something else are refused, those that agree are not', () => {
  assert.deepEqual(jobOf('model.item.heads=9', 'model.user.layers=2'), jobOf());
  const decided = /must be left out, because the pretrained model decides it/.source;
  assert.throws(() => jobOf('model.item.heads=8'), {
    message: new RegExp(`spec.model.item.heads: ${decided}, or 9 as in it: current value is 8`),
  });
  assert.throws(() => jobOf('model.user.queryKeyNorm=true'), {
    message: new RegExp(`spec.model.user.queryKeyNorm: ${decided}: current value is true`),
  });
  assert.throws(() => jobOf('model.user.pretrained.layers=31'), {
    message: /spec.model.user.pretrained.layers: must be at most the 30 layers/,
  });
});

// Catches: a resume that is refused because a folder moved, and one that goes on from other weights.
test('the digest of the weights is part of the identity, their place is not', () => {
  const digest = (...overrides: readonly string[]): string => jobDigest(jobOf(...overrides));
  assert.equal(digest('model.item.pretrained.path=/elsewhere'), digest());
  const [one, other] = ['a', 'b'].map((letter) =>
    digest(`model.item.pretrained.sha256="${letter.repeat(64)}"`),
  );
  assert.equal(new Set([digest(), one, other]).size, 3);
  assert.notEqual(digest('model.user.pretrained.layers=3'), digest());
});

// Catches: a resolved job, such as a run's job.json, that cannot be read again.
test('a resolved job resolves to itself', () => {
  const job = jobOf();
  assert.deepEqual(resolveJob(JSON.parse(JSON.stringify(job))), job);
  assert.deepEqual(
    resolveJob(
      withPretrainedFields(JSON.parse(JSON.stringify(job)), { item: shapes, user: shapes }),
    ),
    job,
  );
});

// Catches: Mistral's window, which the arithmetic does not have, passed over where it is felt.
test('a sliding window must see all that the job reads', () => {
  const job = jobOf('model.maxTextLength=100', 'data.sequences.maxLength=50');
  assert.deepEqual(windowProblems(job, { item: 101, user: 51 }), []);
  assert.deepEqual(windowProblems(job, { item: null, user: null }), []);
  const [problem, ...others] = windowProblems(job, { item: 100, user: 51 });
  assert.deepEqual(others, []);
  assert.equal(problem?.path, 'spec.model.item.pretrained.path');
  assert.match(problem?.message ?? '', /sees the 101 positions .* slides over 100/);
});
