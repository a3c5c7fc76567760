import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AwakeClock } from './awake-clock.js';
import { millis } from './units.js';

// Would catch time that passes while the process stood still, and time that is lost while it did not.
test('a look that comes late adds no more than the longest tick, others add all of their time', () => {
  let real = 1000;
  const clock = new AwakeClock({ now: () => millis(real) }, millis(500));
  const after = (elapsed: number): number => {
    real += elapsed;
    return clock.now();
  };
  assert.equal(after(0), 0);
  assert.equal(after(100), 100);
  assert.equal(after(500), 600);
  assert.equal(after(3_600_000), 1100);
  assert.equal(after(1), 1101);
});
