import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { comparePositions, farthest, type Position, samePosition } from './position.js';

const positions = fc.record({
  committedSteps: fc.nat(3),
  collapses: fc.nat(2),
  settled: fc.boolean(),
});

// Would catch a member that is taken for the newest although it has not rolled back as others have.
test('a roll-back is farther than none at the same step, and what follows a commit farther still', () => {
  const at = (committedSteps: number, collapses: number, settled: boolean): Position => ({
    committedSteps,
    collapses,
    settled,
  });
  const ordered = [
    at(1, 5, true),
    at(2, 0, false),
    at(2, 0, true),
    at(2, 1, false),
    at(3, 0, false),
  ];
  for (const [index, position] of ordered.entries()) {
    assert.deepEqual(farthest([null, ...ordered.slice(0, index + 1).reverse()]), position);
  }
});

// Would catch an order by which two members each take the other for the one that is ahead.
test('positions are ordered, and equal ones are the same', () => {
  fc.assert(
    fc.property(positions, positions, positions, (a, b, c) => {
      assert.ok(Math.sign(comparePositions(a, b)) + Math.sign(comparePositions(b, a)) === 0);
      assert.equal(samePosition(a, b), comparePositions(a, b) === 0);
      if (comparePositions(a, b) <= 0 && comparePositions(b, c) <= 0) {
        assert.ok(comparePositions(a, c) <= 0);
      }
    }),
  );
});
