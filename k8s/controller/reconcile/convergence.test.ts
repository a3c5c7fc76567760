/** From any state of a cluster: looking often enough leads to rest, and doing a thing twice changes nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TrainingJobStatus } from '../../crd/status-schema.js';
import { childNames } from '../../names.js';
import { isFinished } from '../policy/conditions.js';
import { pastPodsAnnotation } from '../policy/coordinator-outcome.js';
import { streamsFinalizer } from '../policy/removal.js';
import { ModelCluster } from './model-cluster-fixture.js';
import { reconcile } from './reconcile.js';
import type { Seen } from './seen.js';
import { at, jobOf, podOf, reportAt, seen, timeAt } from './seen-fixture.js';

const now = at(100);

const status = fc.constantFrom<TrainingJobStatus | undefined>(
  undefined,
  { state: 'Pending', startTime: timeAt(0) },
  { state: 'Running', startTime: timeAt(0), step: 3 },
  { state: 'Suspended', step: 3 },
  ...(['Complete', 'Failed'] as const).map((type) => ({
    state: type,
    completionTime: timeAt(50),
    conditions: [
      ...[{ type, status: 'True' as const, reason: 'Because', message: '' }].map((condition) => ({
        ...condition,
        lastTransitionTime: timeAt(50),
      })),
    ],
  })),
);

const pod = fc
  .record({
    component: fc.constantFrom('coordinator' as const, 'worker' as const),
    number: fc.nat(3),
    how: fc.constantFrom('pending', 'running', 'ended'),
    exitCode: fc.constantFrom(0, 1, 2, 3, 4, 5, 137),
    isLeaving: fc.boolean(),
  })
  .map(({ component, exitCode, how, isLeaving, number }) =>
    podOf(component, {
      name: `movies-${component}-${number}-abcde`,
      isRunning: how === 'running',
      isLeaving,
      ...(how === 'ended' && { ended: { exitCode } }),
    }),
  );

const jobObject = (component: 'coordinator' | 'worker') =>
  fc.option(
    fc
      .record({
        suspend: fc.boolean(),
        size: fc.integer({ min: 1, max: 4 }),
        failed: fc.nat(3),
        condition: fc.constantFrom(null, 'Complete', 'Failed'),
        past: fc.boolean(),
        queue: fc.option(fc.constant('team'), { nil: undefined }),
      })
      .map(({ condition, failed, past, queue, size, suspend }) =>
        jobOf(component, {
          ...(queue !== undefined && { queue }),
          spec: {
            suspend,
            ...(component === 'worker' && { parallelism: size, completions: size }),
          },
          annotations: past ? { [pastPodsAnnotation]: 'uid-of-movies-coordinator-0-abcde' } : {},
          status: {
            failed,
            ...(condition !== null && {
              completionTime: timeAt(90),
              conditions: [{ type: condition, status: 'True', lastTransitionTime: timeAt(90) }],
            }),
          },
        }),
      ),
  );

const anySight: fc.Arbitrary<Seen> = fc
  .record({
    suspend: fc.boolean(),
    isQueued: fc.boolean(),
    replicas: fc.integer({ min: 1, max: 4 }),
    maxRestarts: fc.constantFrom(2, 100),
    deadline: fc.constantFrom(undefined, 50, 500),
    ttl: fc.constantFrom(undefined, 10, 500),
    ownNats: fc.boolean(),
    isDeleted: fc.boolean(),
    hasFinalizer: fc.boolean(),
    status,
    coordinator: jobObject('coordinator'),
    worker: jobObject('worker'),
    pods: fc.uniqueArray(pod, { maxLength: 6, selector: ({ metadata }) => metadata.name }),
    hasReport: fc.boolean(),
    problem: fc.constantFrom(null, 'NATS is away'),
  })
  .map((given) =>
    seen({
      spec: {
        suspend: given.suspend,
        maxRestarts: given.maxRestarts,
        workers: { replicas: given.replicas, min: 1 },
        ...(given.deadline !== undefined && { activeDeadlineSeconds: given.deadline }),
        ...(given.ttl !== undefined && { ttlSecondsAfterFinished: given.ttl }),
        ...(given.ownNats && {
          kubernetes: { nats: { url: 'nats://own:4222', secretName: 'own' } },
        }),
      },
      metadata: {
        ...(given.isQueued && { labels: { 'kueue.x-k8s.io/queue-name': 'team' } }),
        ...(given.isDeleted && { deletionTimestamp: timeAt(95) }),
        // An object that is deleted is only there while something holds it.
        finalizers: given.hasFinalizer || given.isDeleted ? [streamsFinalizer] : [],
      },
      ...(given.status !== undefined && { status: given.status }),
      children: { coordinator: given.coordinator, worker: given.worker, pods: given.pods },
      report: given.hasReport ? reportAt(95) : null,
      memory: { accountAt: null, problem: given.problem },
    }),
  );

// Would catch two policies that undo each other for ever.
test('from any state repeated looks lead to one that stays', () => {
  fc.assert(
    fc.property(anySight, (sight) => {
      const cluster = new ModelCluster(sight);
      assert.notEqual(cluster.settle(now), null, 'it acts for ever');
      const rest = cluster.seen();
      if (rest === null) return;
      assert.deepEqual(reconcile(rest, now).actions, []);
      assert.equal(cluster.settle(now), 0);
    }),
    { numRuns: 600 },
  );
});

// Would catch what a controller leaves half done when it is killed: the next one begins the same again.
test('a decision that is carried out twice, or from its middle on, leads to the same', () => {
  fc.assert(
    fc.property(anySight, fc.nat(8), (sight, killedAfter) => {
      const once = new ModelCluster(sight);
      once.settle(now);
      const killed = new ModelCluster(sight);
      const decision = reconcile(sight, now);
      killed.perform(
        { ...decision, actions: decision.actions.slice(0, killedAfter), status: null },
        now,
      );
      killed.settle(now);
      assert.equal(shape(killed), shape(once));
    }),
    { numRuns: 300 },
  );
});

// Would catch finished work that is done again, and children that nobody has asked for.
test('a job that has ended gets no child any more, and a job has no others than its own', () => {
  fc.assert(
    fc.property(anySight, (sight) => {
      const names = Object.values(childNames('movies'));
      const { actions } = reconcile(sight, now);
      const made = actions.flatMap((action) =>
        action.kind === 'create' || action.kind === 'apply' ? [action.object.metadata.name] : [],
      );
      assert.ok(made.every((name) => names.includes(name)));
      if (isFinished(sight.job.status) || sight.job.metadata.deletionTimestamp !== undefined) {
        assert.deepEqual(made, []);
      }
    }),
    { numRuns: 300 },
  );
});

/** What counts of a cluster: which objects there are, what runs, and how the job ended. */
function shape(cluster: ModelCluster): string {
  const jobs = [...cluster.objects.values()]
    .map((object) => [object.kind, object.metadata.name, (object as { spec?: object }).spec])
    .sort();
  const { job } = cluster;
  return JSON.stringify([
    job === null ? null : [job.status?.state, job.spec.suspend, job.metadata.finalizers],
    jobs.map(([kind, name, spec]) =>
      kind === 'Job' ? [kind, name, (spec as { suspend?: boolean }).suspend] : [kind, name],
    ),
  ]);
}
