import assert from 'node:assert/strict';
import { it } from 'node:test';
import { median } from './median.js';

// Would catch a sort by text, which puts 10 before 9.
it('takes the middle value, of an even number of values the higher one', () => {
  assert.equal(median([10, 9, 1]), 9);
  assert.equal(median([4, 1, 3, 2]), 3);
});

// Would catch a benchmark without a measurement that reports NaN or undefined.
it('refuses nothing', () => {
  assert.throws(() => median([]), /there are no values/);
});
