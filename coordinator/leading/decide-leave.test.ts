import assert from 'node:assert/strict';
import { test } from 'node:test';
import { millis } from '../../shared/units.js';
import { decideLeave, defaultGrace, leaveLook, leftSilence } from './decide-leave.js';

const holder = (leaving: boolean, silentFor = 0) => ({ leaving, silentFor: millis(silentFor) });
const decide = (waited: number, ...holders: ReturnType<typeof holder>[]) =>
  decideLeave({ leads: true, waited: millis(waited), grace: defaultGrace, holders }).kind;

// Would catch steps that nobody records because leader and members were asked to end together, and a
// leader that keeps the lead from its standby.
test('a leader stays for members that leave with it, and for no others', () => {
  assert.equal(decide(0, holder(false)), 'stay');
  assert.equal(decide(leaveLook, holder(false)), 'leave');
  assert.equal(decide(leaveLook, holder(true), holder(false)), 'leave');
  assert.equal(decide(leaveLook, holder(true), holder(true)), 'stay');
});

// Would catch a coordinator that is killed because it waits for workers that have ended long ago.
test('it waits for nobody who is gone, and for nobody for ever', () => {
  assert.equal(decide(0), 'leave');
  assert.equal(decide(3000, holder(true, leftSilence)), 'leave');
  assert.equal(decide(leaveLook, holder(true), holder(false, leftSilence)), 'stay');
  assert.equal(decide(defaultGrace, holder(true)), 'leave');
  const standby = { leads: false, waited: millis(0), grace: defaultGrace, holders: [holder(true)] };
  assert.equal(decideLeave(standby).kind, 'leave');
});
