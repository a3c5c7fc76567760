import assert from 'node:assert/strict';
import { test } from 'node:test';
import { millis } from '../../../shared/units.js';
import {
  isPermitted,
  mayPublishBy,
  PublicationPermit,
  permitted,
  permittedUntil,
  type Readings,
} from './publication-permit.js';

const at = (monotonic: number, wall: number): Readings => ({
  monotonic: millis(monotonic),
  wall: millis(wall),
});

// Catches: a permit that outlives a stop of the process, or a sleep of the machine, in which one of the
// clocks stands still.
test('a permit ends as soon as one of the clocks says so', () => {
  const until = permittedUntil(at(1000, 50_000), millis(2000));
  assert.deepEqual(until, at(3000, 52_000));
  assert.equal(isPermitted(at(2999, 51_999), until), true);
  assert.equal(isPermitted(at(3000, 51_000), until), false, 'stopped: the monotonic clock went on');
  assert.equal(isPermitted(at(1001, 52_000), until), false, 'asleep: only the wall clock went on');
});

// Catches: a thread that publishes before anyone has said that its generation is the newest.
test('a new permit permits nothing; others see through the memory what was granted', () => {
  const permit = new PublicationPermit();
  const elsewhere = new PublicationPermit(permit.shared);
  assert.equal(elsewhere.allows(), false);
  permit.grant(at(3000, 52_000));
  assert.equal(elsewhere.allows(at(2999, 51_999)), true);
  permit.withdraw();
  assert.equal(elsewhere.allows(at(1, 1)), false);
});

// Catches: a run of one process, which nobody fences, that writes no checkpoints.
test('without a permit anything may be published', () => {
  assert.equal(mayPublishBy(undefined)(), true);
  assert.equal(mayPublishBy(new PublicationPermit().shared)(), false);
});

// Catches: a checkpoint that is due while a leader is succeeded, and that nobody writes.
test('a permit may be waited for, and not for ever', async () => {
  let looks = 0;
  await permitted(() => ++looks === 2, millis(60_000));
  assert.equal(looks, 2);
  await permitted(() => false, millis(0));
});
