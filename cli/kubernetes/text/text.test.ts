/** What people read of jobs on a cluster. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrainingJobObject } from '../../../k8s/crd/training-job-object.js';
import { missing } from '../cluster/find-job.js';
import { age } from './age.js';
import { jobFields } from './job-lines.js';
import { jobTable } from './job-table.js';
import { statusText } from './status-text.js';

const now = Date.parse('2026-01-02T00:10:00Z');

const job: TrainingJobObject = {
  apiVersion: 'lockstep.dev/v1alpha1',
  kind: 'TrainingJob',
  metadata: {
    ...{ name: 'movies', namespace: 'team', uid: 'u', resourceVersion: '1', generation: 1 },
    creationTimestamp: '2026-01-02T00:00:00Z',
  },
  spec: {},
  status: {
    ...{ state: 'Running', message: '', step: 123, totalSteps: 400, loss: 3.25, restarts: 1 },
    workers: { desired: 2, ready: 2, training: 2, summary: '2/2' },
    trainerStatus: {
      ...{ progressPercentage: 30, estimatedRemainingSeconds: 65, lastUpdatedTime: '' },
      metrics: [{ name: 'step_seconds', value: '0.12' }],
    },
    checkpoint: { step: 100, time: '2026-01-02T00:09:40Z' },
    conditions: [
      {
        ...{ type: 'Running', status: 'True', reason: 'Training', message: '' },
        lastTransitionTime: '2026-01-02T00:01:00Z',
      },
    ],
    recoveries: [
      {
        ...{ time: '2026-01-02T00:05:00Z', cause: 'lost', workers: ['movies-worker-1-abcde'] },
        ...{ detectSeconds: 0.1, reformSeconds: 0.25, resumeSeconds: 1, stepsLost: 1 },
      },
    ],
  },
};

/** Seen by nobody yet. */
const fresh: TrainingJobObject = {
  ...job,
  metadata: { ...job.metadata, name: 'a-new-one' },
  status: undefined as never,
};

// Would catch a column that is not under its name, and a job without a status that ends the command.
test('jobs are a table with the columns of kubectl', () => {
  assert.deepEqual(jobTable([job, fresh], { now, namespaces: false }).split('\n'), [
    'NAME       STATE    WORKERS     STEP    LOSS  RESTARTS  AGE',
    'movies     Running      2/2  123/400  3.2500         1  10m',
    'a-new-one  New            -        -       -         0  10m',
  ]);
  assert.match(jobTable([job], { now, namespaces: true }), /^NAMESPACE .*\nteam .*movies/);
});

// Would catch a status that leaves out why a job is as it is, or what its losses cost.
test('the status tells facts, conditions and recoveries', () => {
  assert.deepEqual(statusText(job, now).split('\n'), [
    'movies in the namespace team: Running',
    '  age         10m',
    '  workers     2 of 2 train, 2 ready',
    '  step        123 of 400 (30%), about 1:05 left',
    '  loss        3.250000',
    '  checkpoint  of step 100, 20s ago',
    '  restarts    1',
    '  metrics     step_seconds 0.12',
    'conditions',
    '  Running     True   Training, 9m ago',
    'recoveries',
    '  when    cause  detect  reform  resume  steps again                workers',
    '  5m ago  lost   0.10 s  0.25 s  1.00 s            1  movies-worker-1-abcde',
  ]);
  const pending = { ...job, status: { state: 'Pending', message: '2 pods wait for nodes' } };
  assert.match(statusText(pending as never, now), /^movies .*: Pending: 2 pods wait for nodes\n/);
  assert.match(statusText(fresh, now), /: New\n {2}age/);
});

// Would catch a line of --json in which another name means the state.
test('as JSON a job has its name and its whole status', () => {
  const fields = jobFields({ ...job, metadata: { ...job.metadata, deletionTimestamp: 'x' } });
  const { namespace, name, state, step } = fields as Record<string, unknown>;
  assert.deepEqual([namespace, name, state, step], ['team', 'movies', 'Terminating', 123]);
});

// Would catch an age that is off by a unit, or NaN for what has no time.
test('ages are as kubectl says them', () => {
  const ago = (seconds: number): string => age(new Date(now - seconds * 1000).toISOString(), now);
  const seconds = [-5, 0, 119, 120, 192, 599, 600, 10_799, 10_800, 172_799, 172_800];
  assert.deepEqual(seconds.map(ago), [
    '0s',
    '0s',
    '119s',
    '2m',
    '3m12s',
    '9m59s',
    '10m',
    '179m',
    '3h',
    '47h',
    '2d',
  ]);
  assert.equal(age(undefined, now), '-');
});

// Would catch a typing error that is answered without the names that are there.
test('a name that is missing is told with those that are there', () => {
  const names = Array.from({ length: 10 }, (_, at) => `job-${at}`);
  assert.match(missing('jub', 'team', names), /"jub".*"team": there are job-0, .*job-7 and 2 more/);
  assert.match(missing('jub', 'team', []), /there is none/);
});
