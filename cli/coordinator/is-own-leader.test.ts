import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOwnLeader } from './is-own-leader.js';

// Would catch a standby that tells other programs of the run beside the leader: same pid in another pod, or a
// pid that only ends alike.
test('a leader is a process of this command on this host', () => {
  assert.ok(isOwnLeader('coordinator, pid 17 on one', [16, 17], 'one'));
  assert.ok(!isOwnLeader('coordinator, pid 17 on two', [17], 'one'));
  assert.ok(!isOwnLeader('coordinator, pid 117 on one', [17], 'one'));
  assert.ok(!isOwnLeader('coordinator, pid 17 on one', [], 'one'));
});
