import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interval, seedsMax } from './interval.js';

// Would catch a deviation over n instead of n - 1, and the normal quantile in place of Student's.
test('three values have the interval that tables give', () => {
  const { mean, half } = interval([0.209, 0.2, 0.195]);
  assert.ok(Math.abs(mean - 0.20133) < 1e-5);
  assert.ok(Math.abs((half as number) - 0.01763) < 1e-5);
});

// Would catch a width of zero, which reads like certainty.
test('one value has no width', () => {
  assert.deepEqual(interval([2]), { mean: 2, half: null });
  assert.equal(interval([2, 2]).half, 0);
  assert.ok(Number.isFinite(interval(new Array(seedsMax).fill(1)).half));
});
