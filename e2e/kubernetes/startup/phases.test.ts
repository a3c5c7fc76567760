import assert from 'node:assert/strict';
import { test } from 'node:test';
import { phasesOf, secondsOf } from './phases.js';

const moments = {
  asked: 1000,
  accepted: 1400,
  created: 1500,
  scheduled: 1520,
  running: 3000,
  leading: 4200,
  joined: 5000,
  committed: 6500,
};

// Would catch: time that belongs to no phase or to two, and a wait for the kubelet that is called ours.
test('the phases add up, and only scheduler and kubelet are others', () => {
  const all = phasesOf(moments);
  assert.equal(secondsOf(all), 5.5);
  const others = all.filter(({ isOurs }) => !isOurs);
  assert.deepEqual(
    others.map(({ name, seconds }) => [name, seconds]),
    [
      ['scheduled', 0.02],
      ['containers started', 1.48],
    ],
  );
});

// Would catch: negative seconds where a coordinator leads before the last container has started.
test('what was over earlier costs nothing', () => {
  const all = phasesOf({ ...moments, leading: 2500, created: 1300 });
  assert.deepEqual(
    all.map(({ seconds }) => seconds),
    [0.4, 0, 0.12, 1.48, 0, 2, 1.5],
  );
});
