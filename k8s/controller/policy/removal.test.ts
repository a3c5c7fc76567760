import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reconcile } from '../reconcile/reconcile.js';
import { at, jobOf, podOf, seen, timeAt } from '../reconcile/seen-fixture.js';
import { streamsFinalizer } from './removal.js';

const metadata = { deletionTimestamp: timeAt(0), finalizers: ['other', streamsFinalizer] };
const letsGo = (actions: readonly { kind: string; patch?: object }[]) =>
  actions.some(
    ({ kind, patch }) =>
      kind === 'patch' && JSON.stringify(patch).includes('"finalizers":["other"]'),
  );

const since = { deletionSeenAt: at(0) };

test('pods go first, then the streams, then the object', () => {
  const children = { coordinator: jobOf('coordinator'), worker: jobOf('worker') };
  const first = reconcile(seen({ metadata, children }), at(0));
  assert.deepEqual(
    first.actions.map(({ kind }) => kind),
    ['remove', 'remove'],
  );
  const leaving = { pods: [podOf('worker', { isRunning: true, isLeaving: true })] };
  assert.deepEqual(reconcile(seen({ metadata, children: leaving }), at(1)).actions, []);
  const second = reconcile(seen({ metadata }), at(2));
  assert.deepEqual(
    second.actions.map(({ kind }) => kind),
    ['remove-account'],
  );
  const third = reconcile(seen({ metadata, memory: { isAccountRemoved: true } }), at(3));
  assert.ok(letsGo(third.actions));
  assert.deepEqual(third.events, []);
});

// Would catch a namespace that cannot be deleted since NATS is gone, or a pod on a dead machine stays.
test('after half a minute the object goes, and an event says what is left', () => {
  const stuck = { pods: [podOf('worker', { isRunning: true, isLeaving: true })] };
  assert.deepEqual(
    reconcile(seen({ metadata, children: stuck, memory: since }), at(20)).actions.map(
      ({ kind }) => kind,
    ),
    ['remove-account'],
  );
  const memory = { ...since, problem: 'NATS is away' };
  const last = reconcile(seen({ metadata, children: stuck, memory }), at(30));
  assert.ok(letsGo(last.actions));
  assert.match(last.events[0]?.note ?? '', /may still be there: NATS is away/);
});

// Would catch streams that are left behind whenever the controller was away for half a minute, or its clock is
// ahead of the API server's by as much.
test('a controller that comes late still tries', () => {
  const memory = { deletionSeenAt: at(600) };
  const first = reconcile(seen({ metadata, memory }), at(601));
  assert.deepEqual(
    first.actions.map(({ kind }) => kind),
    ['remove-account'],
  );
  assert.ok(letsGo(reconcile(seen({ metadata, memory }), at(630)).actions));
});

test('an object without our finalizer is left to others', () => {
  const { actions } = reconcile(seen({ metadata: { ...metadata, finalizers: ['other'] } }), at(0));
  assert.deepEqual(actions, []);
});
