import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Lane, Rank } from '../ids.js';
import { evenShares, lanesOf, sharesOf } from './lane-ownership.js';

const counts = fc
  .array(fc.nat(9), { minLength: 1, maxLength: 12 })
  .filter((given) => given.some((count) => count > 0));

// Would catch a lane that nobody owns, or two members, where some have none.
test('runs follow each other, and every lane is owned by the rank whose run holds it', () => {
  fc.assert(
    fc.property(counts, (given) => {
      const shares = sharesOf(given);
      const owners = given.flatMap((_, rank) =>
        lanesOf(shares.run(rank as Rank)).map((lane) => [lane, rank]),
      );
      assert.deepEqual(
        owners.map(([lane]) => lane),
        Array.from({ length: shares.lanes }, (_, lane) => lane),
      );
      for (const [lane, rank] of owners) assert.equal(shares.ownerOf(lane as Lane), rank);
      assert.deepEqual(sharesOf(shares.counts), shares);
    }),
  );
});

// Would catch members that own other lanes than before, whose checkpoints and plans go on.
test('even shares differ by one lane at most, and begin where they always did', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 80 }),
      fc.integer({ min: 1, max: 64 }),
      (members, lanes) => {
        const shares = evenShares(members, lanes);
        assert.deepEqual([shares.members, shares.lanes], [members, lanes]);
        assert.ok(Math.max(...shares.counts) - Math.min(...shares.counts) <= 1);
        for (let rank = 0; rank < members; rank++) {
          assert.equal(shares.run(rank as Rank).start, Math.floor((rank * lanes) / members));
        }
      },
    ),
  );
});

test('shares that are no shares name the rank, its number and the rule', () => {
  assert.throws(() => sharesOf([2, -1]), /rank 1 has -1: should be an integer >= 0/);
  assert.throws(() => sharesOf([0.5]), /rank 0 has 0\.5/);
  assert.throws(() => sharesOf([0, 0]), /2 ranks have none: should be >= 1/);
  assert.throws(() => sharesOf([]), RangeError);
});
