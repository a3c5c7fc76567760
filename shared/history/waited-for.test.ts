import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MemberTime, waitedFor } from './waited-for.js';

const time = (index: number, busy: number, wait: number): MemberTime => ({
  worker: `worker-${index}`,
  phaseSeconds: { items: busy, reduce: wait },
  waitSeconds: wait,
});

test('whoever does more than the others while they wait is waited for', () => {
  const found = waitedFor([time(0, 1, 1), time(1, 2, 0), time(2, 1, 1)]);
  assert.deepEqual(found, { worker: 'worker-1', othersWait: 0.5 });
});

// Would catch a name that is blamed for the scatter of a shared machine, or for a slow network.
test('nobody is waited for where all do as much, or the others hardly wait', () => {
  assert.equal(waitedFor([time(0, 1, 1), time(1, 1.1, 0.9)]), null);
  assert.equal(waitedFor([time(0, 1, 0.01), time(1, 2, 0)]), null);
  assert.equal(waitedFor([time(0, 1, 1)]), null);
  assert.equal(waitedFor([]), null);
});
