/** The small policies: restarts, deadline, time to live, scaling, pods' problems, conditions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replicasAnnotation } from '../children/worker-job.js';
import { at, jobOf, podOf, timeAt } from '../reconcile/seen-fixture.js';
import { contains } from './apply-children.js';
import { nextConditions } from './conditions.js';
import { judgeDeadline } from './deadline.js';
import { problemIn, problemsOf } from './pod-problems.js';
import { failedPods, restartsProblem } from './restarts.js';
import { limitRestarts, scaleWorkers } from './scaling.js';
import { judgeTimeToLive } from './time-to-live.js';

// Would catch a job that fails because its coordinator's machine was drained often.
test('disrupted pods are no restarts', () => {
  const pods = [
    podOf('coordinator', { name: 'a', ended: { exitCode: 4 } }),
    podOf('coordinator', { name: 'b', ended: { exitCode: 143 }, isLeaving: true }),
    podOf('coordinator', { name: 'c', isRunning: true }),
    podOf('coordinator', { name: 'd', ended: { exitCode: 5 } }),
  ];
  const worker = jobOf('worker', { status: { failed: 2 } });
  assert.equal(failedPods(jobOf('coordinator'), worker, pods), 3);
  assert.equal(restartsProblem(3, 3), null);
  assert.match(restartsProblem(4, 3) ?? '', /4 pods have failed: spec\.maxRestarts is 3/);
});

test('a deadline counts from the start of the pods, and rests while they do', () => {
  assert.deepEqual(judgeDeadline(60, at(0), at(20)), { kind: 'in', milliseconds: 40_000 });
  assert.equal(judgeDeadline(60, at(0), at(60)).kind, 'passed');
  assert.deepEqual(judgeDeadline(60, null, at(1000)), { kind: 'none' });
  assert.deepEqual(judgeDeadline(null, at(0), at(1000)), { kind: 'none' });
});

test('a job lives for its time after its end, and for ever without one', () => {
  assert.deepEqual(judgeTimeToLive(60, at(0), at(59)), { kind: 'in', milliseconds: 1_000 });
  assert.deepEqual(judgeTimeToLive(0, at(0), at(0)), { kind: 'over' });
  assert.deepEqual(judgeTimeToLive(null, at(0), at(1e6)), { kind: 'stays' });
  assert.deepEqual(judgeTimeToLive(60, null, at(1e6)), { kind: 'stays' });
});

test('a change of replicas changes parallelism and completions together', () => {
  const [action] = scaleWorkers(jobOf('worker'), 3, false);
  assert.deepEqual(action?.kind === 'patch' && action.patch, {
    metadata: { uid: 'uid-of-worker-job', annotations: { [replicasAnnotation]: '3' } },
    spec: { parallelism: 3, completions: 3 },
  });
  assert.deepEqual(scaleWorkers(jobOf('worker'), 2, false), []);
});

// Would catch a limit that a user raises before it is reached, and that is reached all the same.
test('another limit of restarts is followed by the Job that is there', () => {
  const worker = jobOf('worker', { spec: { backoffLimit: 100 } });
  assert.deepEqual(limitRestarts(worker, 100), []);
  const [action] = limitRestarts(worker, 200);
  assert.deepEqual(action?.kind === 'patch' && action.patch, {
    metadata: { uid: 'uid-of-worker-job' },
    spec: { backoffLimit: 200 },
  });
});

// Would catch a tug of war with Kueue, which may admit a job with fewer workers.
test('what a queue has made of the size stays, until the spec changes', () => {
  const shrunk = jobOf('worker', { spec: { parallelism: 1, completions: 1 } });
  assert.deepEqual(scaleWorkers(shrunk, 2, true), []);
  assert.equal(scaleWorkers(shrunk, 2, false).length, 1);
  assert.equal(scaleWorkers(shrunk, 3, true).length, 1);
});

test('pods that cannot run say why, in the words of the scheduler and the kubelet', () => {
  const unschedulable = {
    conditions: [
      {
        type: 'PodScheduled',
        status: 'False',
        reason: 'Unschedulable',
        message: '0/2 nodes are available: 2 Insufficient nvidia.com/gpu.',
      },
    ],
  };
  const pods = [
    podOf('worker', unschedulable),
    podOf('worker', unschedulable),
    podOf('worker', { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image' } }),
    podOf('worker', { waiting: { reason: 'ContainerCreating' } }),
    podOf('worker', { isReady: true }),
  ];
  assert.equal(
    problemsOf({ kind: 'worker', job: null, pods }, at(0)),
    '2 of 5 worker pods cannot run: 0/2 nodes are available: 2 Insufficient nvidia.com/gpu.; ' +
      '1 of 5 worker pods cannot run: ImagePullBackOff: Back-off pulling image',
  );
  assert.equal(problemsOf({ kind: 'worker', job: null, pods: pods.slice(3) }, at(0)), null);
  // Would catch a job that stays degraded without a word, since the machine of a pod is gone.
  const lost = podOf('worker', { isReady: true, isLeaving: true });
  const one = { kind: 'worker', job: null, pods: [lost] } as const;
  assert.equal(problemsOf(one, at(10)), null);
  assert.match(problemsOf(one, at(60)) ?? '', /it was deleted, and its machine/);
});

// Would catch "pods are made", for ever, of a pod whose Secret or volume does not exist.
test('a container that is not made within a minute is told of', () => {
  const conditions = [{ type: 'PodScheduled', status: 'True', lastTransitionTime: timeAt(0) }];
  const pod = podOf('worker', { conditions, waiting: { reason: 'ContainerCreating' } });
  const one = { kind: 'worker', job: null, pods: [pod] } as const;
  assert.deepEqual([problemsOf(one, at(59)), problemIn(one, at(59))], [null, 1000]);
  assert.match(
    problemsOf(one, at(60)) ?? '',
    /1 of 1 worker pods cannot run: its container has not/,
  );
  assert.equal(problemIn(one, at(60)), null);
  const runs = { ...one, pods: [podOf('worker', { conditions, isRunning: true })] };
  assert.deepEqual([problemsOf(runs, at(999)), problemIn(runs, at(0))], [null, null]);
});

// Would catch "pods are made", for ever, of a namespace whose quota refuses them.
test('pods that Kubernetes does not make are told of after a while', () => {
  const job = jobOf('worker', { status: { startTime: timeAt(0), active: 1 } });
  const one = { kind: 'worker', job, pods: [podOf('worker', { isReady: true })] } as const;
  assert.deepEqual([problemsOf(one, at(9)), problemIn(one, at(9))], [null, 1000]);
  assert.match(
    problemsOf(one, at(10)) ?? '',
    /^1 of 2 worker pods are not there: "kubectl describe job movies-worker" says/,
  );
  assert.equal(problemIn(one, at(10)), null);
  const done = jobOf('worker', { status: { startTime: timeAt(0), succeeded: 1 } });
  assert.equal(problemsOf({ ...one, job: done }, at(60)), null);
  const rests = jobOf('worker', { spec: { suspend: true }, status: { startTime: timeAt(0) } });
  assert.equal(problemsOf({ ...one, job: rests }, at(60)), null);
});

// Would catch `kubectl wait` that sees a transition which was none, and conditions nobody has asked about.
test('a condition keeps its time while its status stays, and is not listed before it was true', () => {
  const first = nextConditions(
    [],
    {
      Running: { holds: true, reason: 'Training', message: '' },
      Degraded: { holds: false, reason: 'AllWorkers', message: '' },
    },
    1,
    at(0),
  );
  assert.deepEqual(
    first.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]),
    [['Running', timeAt(0)]],
  );
  const later = nextConditions(
    first,
    { Running: { holds: true, reason: 'Still', message: 'm' } },
    2,
    at(9),
  );
  assert.deepEqual(later[0], {
    ...{ type: 'Running', status: 'True', observedGeneration: 2, reason: 'Still', message: 'm' },
    lastTransitionTime: timeAt(0),
  });
  const ended = nextConditions(
    later,
    { Running: { holds: false, reason: 'Paused', message: '' } },
    2,
    at(10),
  );
  assert.equal(ended[0]?.lastTransitionTime, timeAt(10));
});

// Would catch an apply that is repeated for ever because of a default of the API server.
test('defaults of the server are no difference, and everything else is', () => {
  const wished = { ports: [{ port: 1 }], selector: { a: 'b' } };
  const seen = { ports: [{ port: 1, protocol: 'TCP' }], selector: { a: 'b' }, type: 'ClusterIP' };
  assert.ok(contains(seen, wished));
  assert.ok(!contains({ ...seen, selector: { a: 'c' } }, wished));
  assert.ok(!contains({ ...seen, ports: [] }, wished));
  // Would catch a port that somebody adds to a Service, which is applied again at every look.
  assert.ok(contains({ ...seen, ports: [{ port: 7777 }, ...seen.ports] }, wished));
});
