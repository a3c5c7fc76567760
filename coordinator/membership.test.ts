import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type WorkerId, workerId } from '../shared/ids.js';
import { millis } from '../shared/units.js';
import { decideMembership, isRestarted, type Seen } from './membership.js';

const limits = { replicas: 2, heartbeatTimeout: millis(3000), joinDeadline: millis(60_000) };

const seen = (at: number, steps: number | null = null): Seen => ({
  address: `host:${at}`,
  pid: 1,
  host: 'h',
  heartbeatAt: millis(at),
  checkpoint: steps === null ? null : { path: `/c/step-${steps}`, committedSteps: steps },
});

const workers = (entries: Record<string, Seen>): Map<WorkerId, Seen> =>
  new Map(Object.entries(entries).map(([name, value]) => [workerId(name), value]));

// Would catch a run that starts without everyone, or counts a worker that died while it waited.
test('waits until so many workers are alive at the same time', () => {
  const one = decideMembership(millis(5000), workers({ a: seen(4000) }), limits);
  assert.deepEqual(one, { kind: 'wait', reason: '1 of 2 workers have joined' });
  const stale = decideMembership(millis(5000), workers({ a: seen(4000), b: seen(1000) }), limits);
  assert.equal(stale.kind, 'wait');
});

// Would catch ranks that depend on who was first, and worker-10 before worker-2.
test('ranks follow the names, as numbers where they are numbers', () => {
  const decision = decideMembership(
    millis(100),
    workers({ 'worker-10': seen(3), 'worker-2': seen(1), 'worker-1': seen(2) }),
    { ...limits, replicas: 3 },
  );
  assert.deepEqual(decision.kind === 'form' ? decision.members.map(({ worker }) => worker) : null, [
    'worker-1',
    'worker-2',
    'worker-10',
  ]);
});

// Would catch a membership of all who came instead of as many as the job wants.
test('takes exactly as many as the job wants', () => {
  const three = workers({ a: seen(1), b: seen(1), c: seen(1) });
  const decision = decideMembership(millis(9), three, limits);
  assert.equal(decision.kind === 'form' ? decision.members.length : 0, 2);
});

// Would catch members that start from different weights.
test('starts from the checkpoint that all see, and not at all where they differ', () => {
  const same = decideMembership(millis(9), workers({ a: seen(1, 20), b: seen(1, 20) }), limits);
  assert.equal(same.kind === 'form' ? same.resumeFrom?.committedSteps : null, 20);
  for (const other of [seen(1), seen(1, 10)]) {
    const differ = decideMembership(millis(9), workers({ a: seen(1, 20), b: other }), limits);
    assert.equal(differ.kind, 'give-up');
  }
});

// Would catch a coordinator that waits for ever.
test('gives up at the deadline', () => {
  const decision = decideMembership(millis(60_000), workers({ a: seen(59_900) }), limits);
  assert.deepEqual(decision, { kind: 'give-up', reason: '1 of 2 workers have joined' });
});

// Would catch a container that was started again (every one of them is pid 1) and is taken for the
// member that it was: it has none of its state, and the others would wait for ever.
test('a member that asks to join is the same process only until it has heard the membership', () => {
  const member = { address: '10.0.0.7:4000', pid: 1, host: 'pod-0' };
  assert.equal(isRestarted(member, member, false), false);
  assert.equal(isRestarted(member, member, true), true);
  assert.equal(isRestarted(member, { ...member, pid: 2 }, false), true);
  assert.equal(isRestarted(member, { ...member, host: 'pod-1' }, false), true);
  assert.equal(isRestarted(member, { ...member, address: '10.0.0.7:4001' }, false), true);
});
