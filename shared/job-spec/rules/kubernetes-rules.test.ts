import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobDigest, wholeJobDigest } from '../job-digest.js';
import { parseJob, resolveJob, type TrainingJob } from '../job-spec.js';
import { onCluster, withoutClusterFields } from '../on-cluster.js';
import { quantityValue } from '../sections/kubernetes-names.js';

const text = `
apiVersion: lockstep.dev/v1alpha1
kind: TrainingJob
metadata: { name: test }
spec: { data: { path: /data/films } }
`;
const jobOf = (...overrides: readonly string[]): TrainingJob => parseJob(text, overrides);

const everything = [
  'metadata.namespace=team',
  'metadata.labels={kueue.x-k8s.io/queue-name: training}',
  'metadata.annotations={note: "x y"}',
  'suspend=true',
  'activeDeadlineSeconds=60',
  'ttlSecondsAfterFinished=0',
  'maxRestarts=7',
  'kubernetes={worker: {gpus: 1, resources: {requests: {cpu: 2}}}, nats: {url: "nats://n:4222", secretName: s}}',
];

// Catches: a run that cannot be resumed because the job was suspended once, or got more memory.
test('what only a cluster reads is in no digest', () => {
  const job = jobOf(...everything);
  assert.equal(jobDigest(job), jobDigest(jobOf()));
  assert.equal(wholeJobDigest(job), wholeJobDigest(jobOf()));
  assert.deepEqual(withoutClusterFields(job), jobOf());
});

// Catches: a job that is scaled, loses its coordinator, and is refused by the next one as another job.
test('how many work on a job does not make it another', () => {
  const scaled = jobOf('workers={replicas: 3, min: 2, max: 4, shares: speed}');
  assert.equal(wholeJobDigest(scaled), wholeJobDigest(jobOf()));
  assert.notEqual(wholeJobDigest(jobOf('checkpoint.keep=3')), wholeJobDigest(jobOf()));
});

// Catches: defaults of a cluster in every job.json of every machine.
test('a job that says nothing of clusters stays without', () => {
  const { suspend, maxRestarts, kubernetes } = jobOf().spec;
  assert.deepEqual([suspend, maxRestarts, kubernetes], [undefined, undefined, undefined]);
  assert.equal(onCluster(jobOf()).kubernetes.worker.gracePeriodSeconds, 60);
  assert.equal(onCluster(jobOf()).maxRestarts, 100);
});

// Catches: `cpu: 2`, which YAML reads as a number, in a pod that wants a text.
test('quantities are texts in a resolved job, which resolves to itself', () => {
  const job = jobOf(...everything);
  assert.deepEqual(job.spec.kubernetes?.worker.resources, { requests: { cpu: '2' } });
  assert.deepEqual(resolveJob(JSON.parse(JSON.stringify(job))), job);
});

test('a quantity has the value that Kubernetes gives it', () => {
  const values = {
    '500m': 0.5,
    '2': 2,
    '1.5Gi': 1.5 * 2 ** 30,
    '1k': 1000,
    '1E': 1e18,
    '1E3': 1000,
  };
  for (const [quantity, value] of Object.entries(values)) {
    assert.equal(quantityValue(quantity), value, quantity);
  }
});

const broken: Readonly<Record<string, RegExp>> = {
  'kubernetes.checkpoints={}':
    /spec\.kubernetes\.checkpoints: must have exactly one of claim, volume, s3/,
  'kubernetes.checkpoints={claim: {name: c}, volume: {size: 1Gi}}':
    /exactly one of .*: 2 are given/,
  'kubernetes.worker.tolerations=[{key: a, operator: Exists, value: b}]':
    /tolerations\.0\.value: must be left out, because operator is Exists/,
  'kubernetes.worker.tolerations=[{value: b}]': /operator: must be Exists where there is no key/,
  'kubernetes.coordinator.tolerations=[{key: a, tolerationSeconds: 3}]':
    /unless effect is NoExecute/,
  'kubernetes.worker={gpus: 1, resources: {limits: {nvidia.com/gpu: 2}}}':
    /must be left out of resources: worker\.gpus, 1, says it/,
  'kubernetes.worker.resources={requests: {memory: 2Gi}, limits: {memory: 1025M}}':
    /requests\.memory: must be at most the limit, 1025M: current value is "2Gi"/,
  'kubernetes.podLabels={app.kubernetes.io/name: mine}':
    /must be without names that begin with app/,
  'kubernetes.worker.sharedMemory=-1Gi': /sharedMemory: must be a quantity such as 500m/,
  'kubernetes.worker.gpus=17': /gpus: must be an integer in \[0, 16\]/,
  'kubernetes.data={claimName: c, mountPath: data}': /mountPath: must be an absolute path/,
  'kubernetes.nats={url: "nats://user:word@host", secretName: s}':
    /nats\.url: .*without a password/,
  'kubernetes.checkpoints.s3={url: "s3://bucket/a//b", secretName: s}': /s3\.url: must be s3:/,
  'kubernetes.gpus=1': /spec\.kubernetes\.gpus: is not a field/,
  'metadata.labels={a b: c}': /metadata\.labels: must be a mapping of at most 64 label names/,
};

// Catches: a job that is refused where it is submitted only after it was tried on one machine.
test('fields of a cluster are checked wherever the job is read', () => {
  for (const [override, message] of Object.entries(broken)) {
    assert.throws(() => jobOf(override), { message }, override);
  }
});
