import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { packedLayout } from './packed-layout.js';

describe('packed layout', () => {
  // Would catch groups that overlap, leave rows out, or mix lengths.
  it('covers the rows of every sequence once, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 40 }), (lengths) => {
        const { rows, groups } = packedLayout(lengths);
        assert.deepEqual(
          groups.flatMap(({ count, length }) => new Array<number>(count).fill(length)),
          lengths,
        );
        let next = 0;
        for (const { firstRow, count, length } of groups) {
          assert.equal(firstRow, next);
          next += count * length;
        }
        assert.equal(rows, next);
      }),
    );
  });

  // Would catch a group for every sequence, which is slow and not wrong.
  it('has as many groups as lengths when sequences are sorted', () => {
    assert.equal(packedLayout([1, 1, 1, 4, 4, 7]).groups.length, 3);
  });

  // Would catch sequences of one length in one batch of attention that see different rows.
  it('keeps sequences with other leaves apart', () => {
    assert.deepEqual(packedLayout([3, 3, 3], [1, 1, 2]).groups, [
      { firstRow: 0, count: 2, length: 3, leaves: 1 },
      { firstRow: 6, count: 1, length: 3, leaves: 2 },
    ]);
  });

  // Would catch an item without text in mean mode: a division by zero much later.
  it('refuses an empty sequence', () => {
    assert.throws(() => packedLayout([2, 0]), /sequence 1: its length is 0/);
  });
});
