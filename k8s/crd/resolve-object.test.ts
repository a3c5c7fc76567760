import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveJob } from '../../shared/job-spec/job-spec.js';
import { resolveObject } from './resolve-object.js';
import type { TrainingJobObject } from './training-job-object.js';

const objectOf = (spec: Record<string, unknown>, name = 'films'): TrainingJobObject => ({
  apiVersion: 'lockstep.dev/v1alpha1',
  kind: 'TrainingJob',
  metadata: {
    name,
    namespace: 'default',
    uid: '792ce516-9288-463a-80b3-f470aeccf2a3',
    resourceVersion: '259',
    generation: 1,
    creationTimestamp: '2026-11-27T14:57:34Z',
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
  },
  spec: { data: { dataset: 'movielens-100k' }, ...spec },
});

// Would catch: a controller that must know defaults, or that hands a field to a process that refuses it.
test('an object is complete for the controller, and its job is what the processes read', () => {
  const found = resolveObject(objectOf({ suspend: true, workers: { replicas: 3 } }));
  assert.ok(found.kind === 'resolved');
  assert.deepEqual(found.workers, { replicas: 3, min: 1, max: 4 });
  assert.equal(found.cluster.suspend, true);
  assert.equal(found.cluster.maxRestarts, 100);
  assert.equal(found.cluster.activeDeadlineSeconds, null);
  assert.equal(found.cluster.kubernetes.worker.gpuResource, 'nvidia.com/gpu');
  assert.deepEqual(found.jobFile.metadata, { name: 'films' });
  assert.deepEqual(found.jobFile.spec, {
    data: { dataset: 'movielens-100k' },
    workers: { replicas: 3 },
  });
  assert.equal(resolveJob(found.jobFile).spec.workers.replicas, 3);
});

// Would catch: what passes the API server and then fails in every pod, for ever.
test('what only the whole schema can refuse is refused with field, rule and value', () => {
  const found = resolveObject(
    objectOf({ model: { item: { hiddenSize: 64, heads: 5 } }, init: { from: 'runs/a' } }),
  );
  assert.ok(found.kind === 'invalid');
  assert.match(found.message, /^spec\.model\.item\.hiddenSize must be a multiple of .*: .* 64$/);
  const relative = resolveObject(objectOf({ init: { from: 'runs/a' } }));
  assert.ok(relative.kind === 'invalid');
  assert.match(relative.message, /^spec\.init\.from must be an absolute path .*"runs\/a"$/);
  const long = resolveObject(objectOf({}, 'a'.repeat(45)));
  assert.ok(long.kind === 'invalid');
  assert.match(long.message, /^metadata\.name must be a name of 1 to 44 /);
});

// Would catch: shapes of the defaults held against a model that only the pods can open.
test('rules about shapes wait for the pretrained model that decides them', () => {
  const pretrained = { path: '/models/m' };
  const found = resolveObject(
    objectOf({
      model: {
        item: { pretrained, heads: 9, train: { kind: 'last', layers: 12 } },
        user: { hiddenSize: 576, heads: 9 },
      },
    }),
  );
  assert.equal(found.kind, 'resolved');
  assert.equal(resolveObject(objectOf({ model: { user: { pretrained: {} } } })).kind, 'invalid');
});
