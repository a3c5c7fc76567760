import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodeNumber, rootsOf, sumBelow } from './reduction-tree.js';
import { mostSums, RunningTreeSum } from './running-tree-sum.js';

const add = (left: number, right: number): number => Math.fround(left + right);

/** Lanes with a value each, and a run of them. */
const cases = fc
  .integer({ min: 1, max: 256 })
  .chain((lanes) =>
    fc.record({
      values: fc.array(fc.float({ noNaN: true }), { minLength: lanes, maxLength: lanes }),
      start: fc.nat(lanes - 1),
      length: fc.integer({ min: 1, max: lanes }),
    }),
  )
  .map(({ values, start, length }) => ({
    values,
    run: { start, end: Math.min(values.length, start + length) },
  }));

// Would catch a sum in the order of arrival, whose bits depend on who owns which lanes.
test('the sums of any run of lanes have the bits of the tree', () => {
  fc.assert(
    fc.property(cases, ({ values, run }) => {
      const lanes = values.length;
      const running = new RunningTreeSum(run, lanes, add);
      for (let lane = run.start; lane < run.end; lane++) running.push(values[lane] as number);
      const expected = rootsOf(run, lanes).map((root) => [
        nodeNumber(root),
        sumBelow(root, lanes, ({ level, index }) => (level === 0 ? values[index] : undefined), add),
      ]);
      assert.deepEqual([...running.sums], expected);
    }),
  );
});

// Would catch sums that wait for lanes which will never come, and so cost memory for each lane.
test('log2(V) + 1 vectors serve all lanes, and 2 log2(V) any run of them', () => {
  fc.assert(
    fc.property(cases, ({ values: { length: lanes }, run }) => {
      const levels = Math.ceil(Math.log2(lanes));
      assert.ok(mostSums({ start: 0, end: lanes }, lanes) <= levels + 1);
      assert.ok(mostSums(run, lanes) <= Math.max(1, 2 * levels));
    }),
  );
});

test('lanes that are no power of two: 6 of them need 3 vectors, 256 need 9', () => {
  assert.equal(mostSums({ start: 0, end: 1 }, 1), 1);
  assert.equal(mostSums({ start: 0, end: 6 }, 6), 3);
  assert.equal(mostSums({ start: 0, end: 256 }, 256), 9);
  assert.equal(mostSums({ start: 0, end: 0 }, 4), 0);
});
