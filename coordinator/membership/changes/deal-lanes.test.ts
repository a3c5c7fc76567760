import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { betterShares, sharesBySpeed, sharesEvenly } from './deal-lanes.js';

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
const speeds = fc.array(fc.option(fc.double({ min: 0, max: 1e4, noNaN: true })), {
  minLength: 1,
  maxLength: 12,
});

// Would catch lanes that nobody computes, or two do, and a member that links for nothing.
test('every lane is dealt once, and everyone has one as long as there are enough', () => {
  fc.assert(
    fc.property(speeds, fc.integer({ min: 1, max: 64 }), (of, lanes) => {
      for (const counts of [sharesBySpeed(of, lanes), sharesEvenly(of.length, lanes)]) {
        assert.equal(counts.length, of.length);
        assert.equal(sum(counts), lanes);
        if (lanes >= of.length) assert.ok(counts.every((count) => count >= 1));
      }
    }),
  );
});

// Would catch shares that are turned around, and an unknown speed that is taken for none.
test('a member that is three times as fast gets three times the lanes', () => {
  assert.deepEqual(sharesBySpeed([3, 1], 8), [6, 2]);
  assert.deepEqual(sharesBySpeed([2, null, 2], 6), [2, 2, 2]);
  assert.deepEqual(sharesBySpeed([1000, 0.001], 4), [3, 1]);
});

// Would catch members that stop at every small change of a measured speed.
test('lanes are dealt anew only for a gain that is worth the border', () => {
  assert.equal(betterShares([4, 4], [1.1, 1]), null);
  assert.deepEqual(betterShares([4, 4], [3, 1]), [6, 2]);
  assert.equal(betterShares([4, 4], [3, null]), null);
  assert.equal(betterShares([4], [3]), null);
});
