import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { evenSlices } from './slices.js';

describe('even slices', () => {
  // Would catch a float that no member, or two members, would add.
  it('cover the vector once, in order, from cache line to cache line', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.integer({ min: 1, max: 9 }), (length, count) => {
        const slices = evenSlices(length, count);
        assert.equal(slices.length, count);
        let at = 0;
        for (const { start, end } of slices) {
          assert.equal(start, at);
          assert.ok(end >= start);
          assert.ok(start % 16 === 0 || start === length);
          at = end;
        }
        assert.equal(at, length);
      }),
      { seed: 1 },
    );
  });

  // Would catch one member that adds most of the vector.
  it('differ by one cache line at most', () => {
    const sizes = evenSlices(1600, 7).map(({ start, end }) => end - start);
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 16, `${sizes}`);
  });
});
