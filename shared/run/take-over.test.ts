import assert from 'node:assert/strict';
import { test } from 'node:test';
import { millis } from '../units.js';
import { decideTakeOver } from './take-over.js';

const lease = millis(10_000);
const kindOf = (liveness: 'alive' | 'dead' | 'unknown', watched: number, renewed = false): string =>
  decideTakeOver({ liveness, watchedFor: millis(watched), renewed }, lease).kind;

// Would catch a second run that waits for an owner who is known to live, or that takes its place.
test('who is proven alive keeps what it has, who is proven dead loses it, both at once', () => {
  assert.equal(kindOf('alive', 0), 'refuse');
  assert.equal(kindOf('alive', lease), 'refuse');
  assert.equal(kindOf('dead', 0), 'take-over');
});

// Would catch a restarted container that is locked out for ever, and one that takes a living run's
// place because it looked too short.
test('of whom nothing is known, the signs of life decide within a lease', () => {
  assert.equal(kindOf('unknown', 0), 'wait');
  assert.equal(kindOf('unknown', lease - 1), 'wait');
  assert.equal(kindOf('unknown', 1000, true), 'refuse');
  assert.equal(kindOf('unknown', lease, true), 'refuse');
  assert.equal(kindOf('unknown', lease), 'take-over');
});
