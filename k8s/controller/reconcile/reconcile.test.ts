/** The life of a job, look by look. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trainingJobStatusSchema } from '../../crd/status-schema.js';
import type { Action } from './decision.js';
import { reconcile } from './reconcile.js';
import {
  at,
  jobOf,
  noChildren,
  podOf,
  reportAt,
  runningChildren,
  runningStatus,
  seen,
  timeAt,
} from './seen-fixture.js';

const words = (actions: readonly Action[]): string[] =>
  actions.map((action) =>
    'object' in action
      ? `${action.kind} ${action.object.kind} ${action.object.metadata.name}`
      : 'of' in action
        ? `${action.kind} ${action.of} ${action.name}`
        : action.kind,
  );

const jobPatches = (actions: readonly Action[]) =>
  actions.flatMap((action) =>
    action.kind === 'patch' && action.of === 'Job'
      ? [[action.name, (action.patch as { spec: object }).spec]]
      : [],
  );

const condition = (status: ReturnType<typeof reconcile>['status'], type: string) =>
  status?.conditions?.find((found) => found.type === type);

/** Of a controller that has led for a while: who has said nothing is silent. */
const long = { leadsSince: at(-100) };

test('a new job gets its finalizer, its account and its children, the Jobs last', () => {
  const { actions, status } = reconcile(
    seen({ metadata: { finalizers: [] }, memory: { accountAt: null } }),
    at(0),
  );
  assert.deepEqual(words(actions), [
    'patch TrainingJob movies',
    'push-account',
    'apply Secret movies-lockstep',
    'apply ConfigMap movies-job',
    'apply Service movies-workers',
    'apply PodDisruptionBudget movies-workers',
    'create Job movies-worker',
    'create Job movies-coordinator',
  ]);
  assert.equal(status?.state, 'Pending');
  assert.equal(status?.startTime, timeAt(0));
  assert.equal(status?.observedGeneration, 1);
});

// Would catch a job that fails, or is refused only by a log, because of what CEL cannot say.
test('a spec that cannot be used fails with its words, and nothing is made', () => {
  const { actions, status } = reconcile(
    seen({ spec: { workers: { replicas: 2, min: 3 } } }),
    at(0),
  );
  assert.deepEqual(actions, []);
  assert.equal(status?.state, 'Failed');
  assert.equal(condition(status, 'Failed')?.reason, 'InvalidSpec');
  assert.match(status?.message ?? '', /spec\.workers\.min .*replicas/);
});

// Would catch `kubectl scale` beyond the lanes that ends a week of training.
test('a change that makes no sense does not end a job that runs', () => {
  const { actions, status } = reconcile(
    seen({
      spec: { workers: { replicas: 2, min: 3 } },
      status: runningStatus,
      children: runningChildren,
    }),
    at(10),
  );
  assert.deepEqual(actions, []);
  assert.equal(status?.state, 'Running');
  assert.match(status?.message ?? '', /is not followed/);
});

// Would catch a job that is done and never said to be, since a newer controller has stricter rules.
test('a job that cannot be used any more still ends as its coordinator says', () => {
  const pods = [podOf('coordinator', { ended: { exitCode: 0 } })];
  const { status } = reconcile(
    seen({
      spec: { workers: { replicas: 2, min: 3 } },
      status: runningStatus,
      children: { ...runningChildren, pods },
    }),
    at(10),
  );
  assert.equal(status?.state, 'Complete');
});

test('while all members train it runs, with fewer it is degraded, and without a quorum it is paused', () => {
  const look = (changes: Parameters<typeof reportAt>[1]) =>
    reconcile(
      seen({
        status: runningStatus,
        children: runningChildren,
        report: reportAt(9, changes),
      }),
      at(10),
    ).status;
  const whole = look({});
  assert.deepEqual([whole?.state, whole?.workers?.summary, whole?.step], ['Running', '2/2', 40]);
  assert.equal(condition(whole, 'Running')?.status, 'True');
  assert.deepEqual(whole?.trainerStatus?.progressPercentage, 20);
  const fewer = look({ members: ['movies-worker-0'] });
  assert.equal(fewer?.state, 'Degraded');
  assert.equal(condition(fewer, 'Degraded')?.reason, 'FewerWorkers');
  assert.equal(condition(fewer, 'Running')?.status, 'True');
  const none = look({ phase: 'paused', members: [], reason: '0 of at least 1 workers alive' });
  assert.deepEqual([none?.state, none?.message], ['Paused', '0 of at least 1 workers alive']);
  assert.equal(condition(none, 'Running')?.status, 'False');
});

test('a pending job says what the scheduler says', () => {
  const message = '0/2 nodes are available: 2 Insufficient nvidia.com/gpu.';
  const waiting = { conditions: [{ type: 'PodScheduled', status: 'False', message }] };
  const { status } = reconcile(
    seen({
      children: {
        ...runningChildren,
        pods: [podOf('worker', waiting), podOf('worker', { name: 'movies-worker-1', ...waiting })],
      },
    }),
    at(10),
  );
  assert.equal(status?.state, 'Pending');
  assert.equal(status?.message, `2 of 2 worker pods cannot run: ${message}`);
});

// Would catch a job that seems to start for ever while its workers find no place.
test('a run that has begun without enough workers still waits for their pods', () => {
  const message = '0/2 nodes are available: 2 Insufficient nvidia.com/gpu.';
  const waiting = { conditions: [{ type: 'PodScheduled', status: 'False', message }] };
  const led = podOf('coordinator', { isReady: true });
  const look = (pods: ReturnType<typeof podOf>[], report = reportAt(9, { phase: 'starting' })) =>
    reconcile(
      seen({
        status: { state: 'Pending', startTime: timeAt(0) },
        children: { ...runningChildren, pods },
        report,
      }),
      at(10),
    ).status;
  const none = look([led, podOf('worker', waiting)]);
  assert.deepEqual(
    [none?.state, none?.message],
    ['Pending', `1 of 1 worker pods cannot run: ${message}`],
  );
  const enough = podOf('worker', { name: 'movies-worker-1', isRunning: true });
  assert.equal(look([led, podOf('worker', waiting), enough])?.state, 'Starting');
});

// Would catch a status that goes back to Starting whenever a controller starts.
test("a new controller keeps the last one's word until it is told", () => {
  const look = (seconds: number) =>
    reconcile(seen({ status: runningStatus, children: runningChildren }), at(seconds)).status
      ?.state;
  assert.equal(look(10), 'Running');
  assert.equal(look(40), 'Paused');
});

// Would catch 500 looks a second at jobs that wait in a queue or are silent, and a silence from the controller's
// begin on that is told at the next list, minutes later.
test('silence is looked for when it is due, and once', () => {
  const look = (seconds: number, report: ReturnType<typeof reportAt> | null) =>
    reconcile(seen({ status: runningStatus, children: runningChildren, report }), at(seconds));
  assert.equal(look(12, reportAt(10)).requeueAfter, 28_000);
  const silent = look(40, reportAt(10));
  assert.deepEqual([silent.status?.state, silent.requeueAfter], ['Paused', null]);
  assert.equal(look(5, null).requeueAfter, 25_000);
  assert.equal(look(30, null).requeueAfter, null);
});

// Would catch a job that seems to run after a suspension, by a report from before it.
test('a report from before the pods were started anew does not count', () => {
  const status = { ...runningStatus, state: 'Pending' as const, startTime: timeAt(20) };
  const { status: next } = reconcile(
    seen({ status, children: runningChildren, report: reportAt(15) }),
    at(21),
  );
  assert.equal(next?.state, 'Starting');
});

test('a suspension lets the workers go first, and the coordinator when none is left', () => {
  const spec = { suspend: true };
  const first = reconcile(seen({ spec, status: runningStatus, children: runningChildren }), at(10));
  assert.deepEqual(jobPatches(first.actions), [['movies-worker', { suspend: true }]]);
  assert.equal(first.status?.state, 'Paused');
  const leaving = {
    ...runningChildren,
    worker: jobOf('worker', { spec: { suspend: true, parallelism: 2, completions: 2 } }),
    pods: [
      podOf('coordinator', { isReady: true }),
      podOf('worker', { isReady: true, isLeaving: true }),
    ],
  };
  assert.deepEqual(
    jobPatches(reconcile(seen({ spec, status: runningStatus, children: leaving }), at(11)).actions),
    [],
  );
  const alone = { ...leaving, pods: [podOf('coordinator', { isReady: true })] };
  const second = reconcile(seen({ spec, status: runningStatus, children: alone }), at(12));
  assert.deepEqual(jobPatches(second.actions), [['movies-coordinator', { suspend: true }]]);
  const last = reconcile(
    seen({
      spec,
      status: runningStatus,
      children: {
        ...alone,
        coordinator: jobOf('coordinator', { spec: { suspend: true } }),
        pods: [],
      },
    }),
    at(13),
  );
  assert.deepEqual(
    last.actions.filter(({ kind }) => kind !== 'apply'),
    [],
  );
  assert.equal(last.status?.state, 'Suspended');
  assert.equal(last.status?.startTime, undefined);
  assert.equal(condition(last.status, 'Suspended')?.status, 'True');
  // Its state lived in the pods, which nobody should find out later.
  assert.match(last.status?.message ?? '', /is lost/);
  const removed = seen({ spec, status: { ...runningStatus, totalSteps: 200 } });
  assert.match(reconcile(removed, at(13)).status?.message ?? '', /is lost/);
});

// Would catch a job that fails, while its workers write their last checkpoint, though its user let it rest.
test('a suspension stops the deadline at once, and a resumption begins it anew', () => {
  const children = {
    ...runningChildren,
    pods: [podOf('worker', { isReady: true, isLeaving: true })],
  };
  const look = (suspend: boolean, status: object, seconds: number) =>
    reconcile(
      seen({ spec: { suspend, activeDeadlineSeconds: 60 }, status, children, memory: long }),
      at(seconds),
    );
  const leaving = look(true, { ...runningStatus, startTime: timeAt(-50) }, 15).status;
  assert.deepEqual([leaving?.state, leaving?.startTime], ['Paused', undefined]);
  const resumed = look(false, leaving ?? {}, 16);
  assert.deepEqual([resumed.status?.startTime, resumed.requeueAfter], [timeAt(16), null]);
});

// Would catch a suspension, or a queue that takes the job back, that waits for a machine which is gone.
test('a pod whose machine does not confirm its end keeps no job from resting', () => {
  const spec = { suspend: true };
  const lost = {
    ...runningChildren,
    worker: jobOf('worker', { spec: { suspend: true, parallelism: 2, completions: 2 } }),
    pods: [
      podOf('coordinator', { isReady: true }),
      podOf('worker', { isReady: true, isLeaving: true }),
    ],
  };
  const early = reconcile(seen({ spec, status: runningStatus, children: lost }), at(10));
  assert.deepEqual([jobPatches(early.actions), early.requeueAfter], [[], 6_001]);
  const late = reconcile(seen({ spec, status: runningStatus, children: lost }), at(17));
  assert.deepEqual(jobPatches(late.actions), [['movies-coordinator', { suspend: true }]]);
  const worker = jobOf('worker', { ...lost.worker, queue: 'team' });
  const queued = seen({ metadata: queue, status: runningStatus, children: { ...lost, worker } });
  assert.equal(reconcile(queued, at(10)).requeueAfter, 6_001);
  assert.deepEqual(jobPatches(reconcile(queued, at(17)).actions), [
    ['movies-coordinator', { suspend: true }],
  ]);
  const pods = [podOf('worker', { isReady: true, isLeaving: true })];
  const coordinator = jobOf('coordinator', { spec: { suspend: true } });
  const rests = reconcile(seen({ spec, children: { ...lost, coordinator, pods } }), at(17)).status;
  assert.equal(rests?.state, 'Suspended');
  assert.match(rests?.message ?? '', /the machines of 1 pods do not say/);
});

// Would catch a suspension that never ends, because of pods that nobody ends any more.
test('pods without a Job keep no job from resting', () => {
  const pod = podOf('worker', { isReady: true });
  const orphan = { ...pod, metadata: { ...pod.metadata, ownerReferences: [] } };
  const children = { ...runningChildren, pods: [podOf('coordinator', { isReady: true }), orphan] };
  const { actions } = reconcile(seen({ spec: { suspend: true }, children }), at(10));
  assert.deepEqual(jobPatches(actions), [
    ['movies-worker', { suspend: true }],
    ['movies-coordinator', { suspend: true }],
  ]);
});

test('a job that is suspended from its beginning makes nothing, and resumes as a new one', () => {
  const suspended = reconcile(seen({ spec: { suspend: true } }), at(0));
  assert.deepEqual(suspended.actions, []);
  assert.equal(suspended.status?.state, 'Suspended');
  const { actions } = reconcile(
    seen({ status: suspended.status ?? {}, children: noChildren }),
    at(5),
  );
  assert.ok(words(actions).includes('create Job movies-coordinator'));
});

// Would catch a job that waits for ever for a coordinator of which Kubernetes makes no pod any more.
test("a coordinator's Job that somebody else has ended is made anew", () => {
  const status = { conditions: [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded' }] };
  const coordinator = jobOf('coordinator', { status });
  const pods = [podOf('worker', { isReady: true })];
  const { actions } = reconcile(
    seen({ status: runningStatus, children: { ...runningChildren, coordinator, pods } }),
    at(10),
  );
  assert.ok(words(actions).includes('remove Job movies-coordinator'));
});

test('`lockstep stop` is a suspension, written into the spec', () => {
  const children = {
    ...runningChildren,
    pods: [podOf('coordinator', { ended: { exitCode: 5 } })],
  };
  const { actions, status } = reconcile(seen({ status: runningStatus, children }), at(10));
  assert.deepEqual(words(actions), [
    'patch TrainingJob movies',
    'patch Job movies-worker',
    'patch Job movies-coordinator',
  ]);
  assert.equal(condition(status, 'Suspended')?.reason, 'Stopped');
  assert.equal(condition(status, 'Complete'), undefined);
});

test('an end is written down before anything else is done, and nothing runs after it', () => {
  const children = {
    ...runningChildren,
    pods: [
      podOf('coordinator', { ended: { exitCode: 3, message: '{"message":"no"}' } }),
      podOf('worker', { isReady: true }),
    ],
  };
  const end = reconcile(seen({ status: runningStatus, children, report: reportAt(9) }), at(10));
  assert.deepEqual(end.actions, []);
  assert.deepEqual([end.status?.state, end.requeueAfter], ['Failed', 0]);
  assert.equal(end.status?.completionTime, timeAt(10));
  const status = end.status ?? {};
  // Kubernetes would make another coordinator; workers have heard of the end and leave by themselves.
  const after = reconcile(seen({ status, children }), at(11));
  assert.deepEqual(jobPatches(after.actions), [['movies-coordinator', { suspend: true }]]);
  assert.equal(after.requeueAfter, 29_000);
  const later = reconcile(seen({ status, children }), at(40));
  assert.deepEqual(jobPatches(later.actions), [
    ['movies-worker', { suspend: true }],
    ['movies-coordinator', { suspend: true }],
  ]);
});

// Would catch a job that is over and seems to have workers, for autoscalers and for people.
test('after its end a job counts only the pods that are still there', () => {
  const ended = podOf('coordinator', { ended: { exitCode: 0 } });
  const children = { ...runningChildren, pods: [ended, ...runningChildren.pods.slice(1)] };
  const workers = { desired: 2, ready: 2, training: 2, summary: '2/2' };
  const { status } = reconcile(seen({ status: { ...runningStatus, workers }, children }), at(10));
  assert.deepEqual([status?.replicas, status?.workers?.ready], [2, 2]);
  const left = { ...children, pods: [ended] };
  const after = reconcile(seen({ status: status ?? {}, children: left }), at(12)).status;
  assert.deepEqual([after?.replicas, after?.workers?.ready, after?.workers?.desired], [0, 0, 2]);
  assert.equal(after?.state, 'Complete');
});

// Would catch a status that the API server refuses, from then on: pods that leave are counted too.
test('however many pods there are, the status can be written', () => {
  const pods = Array.from({ length: 1025 }, (_, index) => podOf('worker', { name: `w-${index}` }));
  const { status } = reconcile(seen({ children: { ...runningChildren, pods } }), at(10));
  assert.ok(trainingJobStatusSchema.safeParse(status).success);
});

test('a completed job has all of its steps and the digest of its weights', () => {
  const said = { committed_steps: 200, final_loss: 3.5, weights_sha256: 'd'.repeat(64) };
  const line = JSON.stringify({ kind: 'finished', ...said });
  const { status } = reconcile(
    seen({
      status: runningStatus,
      children: {
        ...runningChildren,
        pods: [podOf('coordinator', { ended: { exitCode: 0, message: line } })],
      },
      // The last one was lost.
      report: reportAt(9, { committedSteps: 195 }),
    }),
    at(10),
  );
  assert.equal(status?.state, 'Complete');
  assert.equal(condition(status, 'Complete')?.status, 'True');
  assert.equal(status?.weightsSha256, 'd'.repeat(64));
  assert.equal(status?.trainerStatus?.progressPercentage, 100);
  assert.deepEqual([status?.step, status?.loss], [200, 3.5]);
});

test('a deadline fails the job and stops all of it at once', () => {
  const spec = { activeDeadlineSeconds: 60 };
  const before = reconcile(
    seen({ spec, status: runningStatus, children: runningChildren, memory: long }),
    at(20),
  );
  assert.equal(before.requeueAfter, 40_000);
  const end = reconcile(seen({ spec, status: runningStatus, children: runningChildren }), at(60));
  assert.equal(condition(end.status, 'Failed')?.reason, 'DeadlineExceeded');
  const after = reconcile(
    seen({ spec, status: end.status ?? {}, children: runningChildren }),
    at(60),
  );
  assert.equal(jobPatches(after.actions).length, 2);
});

test('a job goes when its time to live is over, by its uid', () => {
  const spec = { ttlSecondsAfterFinished: 60 };
  const status = {
    state: 'Complete' as const,
    completionTime: timeAt(0),
    conditions: [
      {
        ...{ type: 'Complete', status: 'True' as const, reason: 'TrainingFinished', message: '' },
        lastTransitionTime: timeAt(0),
      },
    ],
  };
  const before = reconcile(seen({ spec, status }), at(10));
  assert.deepEqual([before.requeueAfter, before.status?.observedGeneration], [50_000, 1]);
  const [action] = reconcile(seen({ spec, status }), at(60)).actions;
  assert.equal(action?.kind === 'remove' && action.of, 'TrainingJob');
});

const queue = { labels: { 'kueue.x-k8s.io/queue-name': 'team' } };

test('a queue decides when the workers start, and the coordinator comes and goes with them', () => {
  const created = reconcile(seen({ metadata: queue }), at(0));
  const [worker, ...others] = created.actions.flatMap((action) =>
    action.kind === 'create' ? [action.object] : [],
  );
  assert.deepEqual(others, []);
  assert.equal((worker as unknown as { spec: { suspend: boolean } }).spec.suspend, true);
  assert.equal(worker?.metadata.labels?.['kueue.x-k8s.io/queue-name'], 'team');
  assert.equal(created.status?.state, 'Queued');
  assert.equal(created.status?.startTime, undefined);
  const admitted = reconcile(
    seen({ metadata: queue, children: { worker: jobOf('worker', { queue: 'team' }) } }),
    at(1),
  );
  assert.ok(words(admitted.actions).includes('create Job movies-coordinator'));
  // Preempted: the coordinator is needed until the last worker has left.
  const spec = { suspend: true, parallelism: 2, completions: 2 };
  const leaving = { ...runningChildren, worker: jobOf('worker', { queue: 'team', spec }) };
  const preempted = seen({ metadata: queue, status: runningStatus, children: leaving });
  assert.deepEqual(jobPatches(reconcile(preempted, at(2)).actions), []);
  const alone = { ...leaving, pods: [podOf('coordinator', { isReady: true })] };
  const left = reconcile(seen({ metadata: queue, status: runningStatus, children: alone }), at(3));
  assert.deepEqual(jobPatches(left.actions), [['movies-coordinator', { suspend: true }]]);
});

// Would catch a user's suspension that Kueue lifts at once.
test('a queued job is suspended by removing the Job of its workers', () => {
  const { actions } = reconcile(
    seen({
      metadata: queue,
      spec: { suspend: true },
      status: runningStatus,
      children: runningChildren,
    }),
    at(10),
  );
  assert.deepEqual(words(actions), ['remove Job movies-worker']);
});

// Would catch a tug of war with Kueue: of a label that a user takes away while the job waits, or of one that
// Kueue gives the Jobs of a namespace whose LocalQueue is called `default`.
test('a Job that is in a queue is started by the queue, whatever the labels of its owner say', () => {
  const waits = { suspend: true, parallelism: 2, completions: 2 };
  const worker = jobOf('worker', { queue: 'default', spec: waits });
  const queued = reconcile(seen({ children: { worker } }), at(1));
  assert.deepEqual([jobPatches(queued.actions), queued.status?.state], [[], 'Queued']);
  assert.ok(!words(queued.actions).includes('create Job movies-coordinator'));
  // Nor is there anything to lead while somebody removes it.
  const deletionTimestamp = timeAt(1);
  const going = jobOf('worker', { queue: 'default', spec: waits, deletionTimestamp });
  const gone = reconcile(seen({ children: { worker: going } }), at(1));
  assert.ok(!words(gone.actions).includes('create Job movies-coordinator'));
  const coordinator = jobOf('coordinator', { queue: 'default', spec: { suspend: true } });
  const admitted = { coordinator, worker: jobOf('worker', { queue: 'default' }) };
  const both = reconcile(seen({ children: admitted }), at(2));
  assert.deepEqual([jobPatches(both.actions), both.status?.state], [[], 'Queued']);
  const spec = { suspend: true };
  assert.deepEqual(words(reconcile(seen({ spec, children: admitted }), at(3)).actions), [
    'remove Job movies-worker',
    'remove Job movies-coordinator',
  ]);
});

// Would catch a job that waits for a queue without a name.
test('an empty name of a queue is none', () => {
  const metadata = { labels: { 'kueue.x-k8s.io/queue-name': '' } };
  const { actions } = reconcile(seen({ metadata }), at(0));
  assert.ok(words(actions).includes('create Job movies-coordinator'));
});

// Would catch workers of a job that has failed, let in days later in place of others.
test('a job that has ended leaves its queue', () => {
  const spec = { suspend: true, parallelism: 2, completions: 2 };
  const children = { ...noChildren, worker: jobOf('worker', { queue: 'team', spec }) };
  const end = seen({ metadata: queue, status: runningStatus, children });
  const coordinator = jobOf('coordinator');
  const pods = [podOf('coordinator', { ended: { exitCode: 3 } })];
  const failed = reconcile({ ...end, children: { ...children, coordinator, pods } }, at(10));
  assert.equal(failed.status?.state, 'Failed');
  const after = reconcile(seen({ metadata: queue, status: failed.status ?? {}, children }), at(11));
  assert.deepEqual(words(after.actions), ['remove Job movies-worker']);
});

test('a name that is taken stops the job with the name, and one of a deleted job only waits', () => {
  const look = (children: object) => reconcile(seen({ children }), at(0));
  const taken = look({ taken: ['Job movies-worker'] });
  assert.deepEqual(taken.actions, []);
  assert.match(taken.status?.message ?? '', /Job movies-worker exist already/);
  assert.equal(taken.events[0]?.reason, 'NameTaken');
  const leftover = look({ leftovers: ['Service movies-workers'] });
  assert.deepEqual([leftover.actions, leftover.events], [[], []]);
  assert.equal(leftover.requeueAfter, 5_000);
});

// Would catch a scale-up that waits for a NATS which the running pods do without.
test('what runs already does not wait for NATS', () => {
  const { actions } = reconcile(
    seen({
      spec: { workers: { replicas: 3, min: 1 } },
      status: runningStatus,
      children: runningChildren,
      memory: { accountAt: null },
    }),
    at(10),
  );
  assert.equal(words(actions).at(-1), 'push-account');
  assert.deepEqual(jobPatches(actions), [['movies-worker', { parallelism: 3, completions: 3 }]]);
});

// Would catch a job that fails for ever after a suspension in which NATS was made anew: its pods came first.
test('what is resumed waits until NATS knows it', () => {
  const children = {
    coordinator: jobOf('coordinator', { spec: { suspend: true } }),
    worker: jobOf('worker', { spec: { suspend: true, parallelism: 2, completions: 2 } }),
  };
  const { actions } = reconcile(seen({ children, memory: { accountAt: at(9) } }), at(10));
  const done = words(actions);
  assert.ok(done.indexOf('push-account') >= 0);
  assert.ok(done.indexOf('push-account') < done.indexOf('patch Job movies-worker'));
});

test('on servers of their own jobs have no account and no finalizer here', () => {
  const kubernetes = { nats: { url: 'nats://own:4222', secretName: 'own' } };
  const { actions } = reconcile(
    seen({ spec: { kubernetes }, metadata: { finalizers: [] }, memory: { accountAt: null } }),
    at(0),
  );
  assert.ok(!words(actions).some((word) => /TrainingJob|account/.test(word)));
});
