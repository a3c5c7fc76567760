import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sparkline } from './sparkline.js';

// Would catch a line that is upside down, shows the oldest values, or divides by zero.
test('the newest values are drawn between their least and their greatest', () => {
  assert.equal(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8, true), '▁▂▃▄▅▆▇█');
  assert.equal(sparkline([9, 0, 7], 2, true), '▁█');
  assert.equal(sparkline([3, 3], 5, true), '▅▅');
  assert.equal(sparkline([], 5, true), '');
  assert.equal(sparkline([1], 0, true), '');
  assert.equal(sparkline([0, 6], 5, false), '_^');
});

// Would catch a loss that is no number any more and looks like a very good one.
test('what is no number is seen', () => {
  assert.equal(sparkline([1, Number.NaN, 2], 3, true), '▁!█');
});
