import assert from 'node:assert/strict';
import { test } from 'node:test';
import { millis } from '../../../shared/units.js';
import { decideInterrupt } from './interrupts.js';

// Would catch one key press that is taken for two, and a second one that is ignored.
test('the first signal stops, its echo is ignored, a later one ends at once', () => {
  assert.equal(decideInterrupt(millis(1000), null), 'stop');
  assert.equal(decideInterrupt(millis(1100), millis(1000)), 'ignore');
  assert.equal(decideInterrupt(millis(1500), millis(1000)), 'at-once');
});
