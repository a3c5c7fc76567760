import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeText, identityChanges } from './identity-changes.js';
import { jobDigest } from './job-digest.js';
import { resolveJob, type TrainingJob } from './job-spec.js';

const job = (spec: object = {}): TrainingJob =>
  resolveJob({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'test' },
    spec: { data: { path: 'd' }, duration: { steps: 60 }, ...spec },
  });

const constant = { schedule: { kind: 'constant' } };
const weights = { from: '/r', weightsSha256: 'ab'.repeat(32) };

// Would catch "spec.optimizer has changed", which leaves the user to compare two pages of JSON.
test('a change is named by its field, with the old value and the new one', () => {
  const changed = job({
    optimizer: { learningRate: 0.5, betas: [0.9, 0.99] },
    data: { path: 'elsewhere', sequences: { maxLength: 7 } },
    init: weights,
    workers: { replicas: 1 },
  });
  const found = identityChanges(job(), changed);
  assert.deepEqual(
    found.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    [
      { path: 'spec.data.sequences.maxLength', before: 50, now: 7 },
      { path: 'spec.init.weightsSha256', before: undefined, now: weights.weightsSha256 },
      { path: 'spec.optimizer.betas', before: [0.9, 0.999], now: [0.9, 0.99] },
      { path: 'spec.optimizer.learningRate', before: 0.003, now: 0.5 },
    ],
  );
  assert.match(changeText(found, changed), /spec\.optimizer\.learningRate was 0\.003 and is 0\.5/);
  assert.match(changeText(found, changed), /spec\.init\.weightsSha256 was absent and is "abab/);
});

// Would catch a longer training that is refused without a word of what would help.
test('a longer duration is the same job under a constant schedule only', () => {
  const longer = { duration: { epochs: 9 } };
  assert.equal(
    jobDigest(job({ optimizer: constant })),
    jobDigest(job({ optimizer: constant, ...longer })),
  );
  const found = identityChanges(job(), job(longer));
  assert.deepEqual(
    found.map(({ path, before, now }) => [path, before, now]),
    [
      ['spec.duration.steps', 60, undefined],
      ['spec.duration.epochs', undefined, 9],
    ],
  );
  assert.match(
    changeText(found, job(longer)),
    /spec\.duration\.epochs was absent and is 9: the cosine schedule stretches .* constant .* --init-from/,
  );
});

// Would catch a checkpoint that is continued although it began with other weights.
test('the weights that a job starts from belong to it, the place where they lay does not', () => {
  const moved = job({ init: { ...weights, from: '/moved' } });
  assert.equal(jobDigest(job({ init: weights })), jobDigest(moved));
  const other = { ...weights, weightsSha256: 'cd'.repeat(32) };
  assert.notEqual(jobDigest(job({ init: weights })), jobDigest(job({ init: other })));
  assert.notEqual(jobDigest(job({ init: weights })), jobDigest(job()));
});
