import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobOf, podOf } from '../controller/reconcile/seen-fixture.js';
import { keptOf } from './kept-parts.js';

// Would catch a decision that is made of what was thrown away.
test('what decisions read of pods and Jobs is kept, and their large parts are not', () => {
  const pod = podOf('coordinator', {
    ended: { exitCode: 3, message: 'no' },
    isLeaving: true,
    reason: 'Evicted',
  });
  const whole = {
    ...pod,
    spec: { nodeName: 'node-0', containers: [{ image: 'x' }] },
    metadata: { ...pod.metadata, managedFields: [{}], annotations: { large: 'x' } },
  };
  assert.deepEqual(keptOf(whole), { ...pod, spec: { nodeName: 'node-0' } });
  const job = jobOf('worker', { status: { failed: 2 } });
  const large = { ...job, spec: { ...job.spec, template: { spec: {} } } };
  assert.deepEqual(keptOf(large), job);
});

test('of a job the text that kubectl keeps of it is not kept again', () => {
  const job = jobOf('worker', {
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', own: 'x' },
  });
  assert.deepEqual(keptOf(job).metadata.annotations, {
    'lockstep.dev/replicas': '2',
    own: 'x',
  });
});
