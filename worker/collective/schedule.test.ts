import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Rank } from '../../shared/ids.js';
import { evenShares, sharesOf } from '../../shared/plan/lane-ownership.js';
import { lanesBelow } from '../../shared/reduction/reduction-tree.js';
import {
  chunkAt,
  chunkCount,
  printSchedule,
  type ReduceShape,
  reduceSchedule,
  rootsOfRank,
} from './schedule.js';

const shape: fc.Arbitrary<ReduceShape> = fc
  .array(fc.nat(6), { minLength: 1, maxLength: 20 })
  .filter((counts) => counts.some((count) => count > 0))
  .map((counts) => ({
    shares: sharesOf(counts),
    // The third member, where there is one, owns nothing, as a short vector may have it.
    slices: counts.map((_, r) => ({
      start: r * 16,
      end: r * 16 + (r === 2 ? 0 : 16),
    })),
  }));

// Would catch a lane that reaches an owner twice, or never.
test('every owner gets every lane exactly once, from its peers or from itself', () => {
  fc.assert(
    fc.property(shape, (value) => {
      const schedule = reduceSchedule(value);
      value.slices.forEach(({ start, end }, owner) => {
        if (start === end) return;
        const received = schedule.filter(({ to }) => to === owner).map(({ node }) => node);
        const lanes = [...received, ...rootsOfRank(owner as Rank, value)].flatMap((node) => {
          const below = lanesBelow(node, value.shares.lanes);
          return Array.from({ length: below.end - below.start }, (_, i) => below.start + i);
        });
        assert.deepEqual(
          lanes.sort((a, b) => a - b),
          Array.from({ length: value.shares.lanes }, (_, i) => i),
        );
      });
    }),
  );
});

test('nobody sends to itself, and nobody sends an empty slice', () => {
  fc.assert(
    fc.property(shape, (value) => {
      for (const { from, to, slice } of reduceSchedule(value)) {
        assert.notEqual(from, to);
        assert.ok(slice.end > slice.start);
      }
    }),
  );
});

test('two members with two lanes each exchange one sum in each direction', () => {
  const slices = [
    { start: 0, end: 8 },
    { start: 8, end: 20 },
  ];
  assert.equal(
    printSchedule(reduceSchedule({ shares: evenShares(2, 4), slices })),
    '0 -> 1: lanes 0..1 of floats 8..20\n1 -> 0: lanes 2..3 of floats 0..8',
  );
});

test('chunks cover a slice without a gap', () => {
  fc.assert(
    fc.property(fc.nat(5_000_000), (length) => {
      let at = 0;
      for (let chunk = 0; chunk < chunkCount(length); chunk++) {
        const { start, end } = chunkAt(chunk, length);
        assert.equal(start, at);
        assert.ok(end > start);
        at = end;
      }
      assert.equal(at, length);
    }),
  );
});
