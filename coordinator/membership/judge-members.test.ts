import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workerId } from '../../shared/ids.js';
import { millis } from '../../shared/units.js';
import { at, incarnationOf } from './cluster-fixture.js';
import { whomToLeaveOut } from './judge-members.js';

const [a, b] = [workerId('a'), workerId('b')];
const members = [a, b].map((worker) => ({
  worker,
  incarnation: incarnationOf(1),
  address: '127.0.0.1:1',
  lanes: 1,
}));
const before = [{ pair: [a, b] as const, at: millis(0), generation: 1 }];

const accused = (by: typeof a, of: typeof a, how: 'closed' | 'silent') => ({
  by,
  of,
  how,
  detail: '',
});

// Would catch a run that goes back to a checkpoint, or to the seed, because two members that live cannot
// be linked and the one with the newest state is sent away.
test('of two members that cannot be linked, the one that is behind is left out', () => {
  for (const [ahead, behind] of [
    [a, b],
    [b, a],
  ] as const) {
    const positionOf = (worker: typeof a) => (worker === ahead ? at(77) : null);
    for (const how of ['closed', 'silent'] as const) {
      const broken = [accused(behind, ahead, how)];
      assert.deepEqual(whomToLeaveOut(broken, before, members, positionOf), [behind], how);
    }
  }
});
