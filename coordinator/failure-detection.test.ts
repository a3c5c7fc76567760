import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workerId } from '../shared/ids.js';
import { millis } from '../shared/units.js';
import { findSilent } from './failure-detection.js';

const heartbeats = new Map([
  [workerId('a'), millis(900)],
  [workerId('b'), millis(100)],
  [workerId('c'), millis(500)],
]);

// Would catch a living member that is declared dead one tick early.
test('nobody is silent before the timeout', () => {
  assert.deepEqual(findSilent(millis(1099), heartbeats, millis(1000)), { kind: 'alive' });
});

// Would catch blaming the wrong one where several stopped, the first being the cause.
test('names the one that has been silent longest', () => {
  assert.deepEqual(findSilent(millis(2000), heartbeats, millis(1000)), {
    kind: 'silent',
    worker: 'b',
    silentFor: 1900,
  });
});
