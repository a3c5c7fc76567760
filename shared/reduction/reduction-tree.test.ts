import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Rank } from '../ids.js';
import { evenShares } from '../plan/lane-ownership.js';
import {
  lanesBelow,
  nodeNumber,
  rootsOf,
  rootsWhere,
  sumBelow,
  type TreeNode,
  topOf,
} from './reduction-tree.js';

const add = (left: number, right: number): number => Math.fround(left + right);
const float = fc.float({ noNaN: true });
const laneCount = fc.integer({ min: 1, max: 64 });

/** The tree written a second time, level by level, as the contract that members must keep. */
function plainSum(values: readonly number[]): number {
  let level = [...values];
  while (level.length > 1) {
    const above: number[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = level.slice(i, i + 2) as [number, number?];
      above.push(right === undefined ? left : add(left, right));
    }
    level = above;
  }
  return level[0] as number;
}

/** Each member adds its roots; a last one finishes the tree from those and nothing else. */
function sumOverMembers(values: readonly number[], rootsOfMembers: TreeNode[][]): number {
  const lanes = values.length;
  const valueOfLane = (node: TreeNode) => (node.level === 0 ? values[node.index] : undefined);
  const sums = new Map<number, number>();
  for (const root of rootsOfMembers.flat()) {
    sums.set(nodeNumber(root), sumBelow(root, lanes, valueOfLane, add));
  }
  return sumBelow(topOf(lanes), lanes, (node) => sums.get(nodeNumber(node)), add);
}

// Would catch a tree whose shape depends on the number of members, or one that skips a lane.
test('contiguous runs of any number of members give the bits of the plain tree', () => {
  fc.assert(
    fc.property(
      laneCount.chain((lanes) => fc.array(float, { minLength: lanes, maxLength: lanes })),
      fc.integer({ min: 1, max: 80 }),
      (values, members) => {
        const roots = Array.from({ length: members }, (_, rank) =>
          rootsOf(evenShares(members, values.length).run(rank as Rank), values.length),
        );
        assert.ok(Object.is(sumOverMembers(values, roots), plainSum(values)));
      },
    ),
  );
});

// Would catch an algorithm that needs neighbouring lanes, which a rebalanced generation may not have.
test('any ownership of the lanes gives the bits of the plain tree', () => {
  fc.assert(
    fc.property(
      laneCount.chain((lanes) =>
        fc.array(fc.tuple(float, fc.nat(9)), { minLength: lanes, maxLength: lanes }),
      ),
      (owned) => {
        const values = owned.map(([value]) => value);
        const roots = Array.from({ length: 10 }, (_, member) =>
          rootsWhere((lane) => owned[lane]?.[1] === member, values.length),
        );
        assert.ok(Object.is(sumOverMembers(values, roots), plainSum(values)));
      },
    ),
  );
});

// Would catch roots that overlap, leave a lane out, or are smaller than they need to be.
test('the roots of a run cover it exactly, in lane order, with fewer than 2 log2 V + 1 nodes', () => {
  fc.assert(
    fc.property(laneCount, fc.nat(64), fc.nat(64), (lanes, a, b) => {
      const start = Math.min(a, b, lanes);
      const end = Math.min(Math.max(a, b), lanes);
      const roots = rootsOf({ start, end }, lanes);
      let at = start;
      for (const root of roots) {
        const below = lanesBelow(root, lanes);
        assert.equal(below.start, at);
        at = below.end;
      }
      assert.equal(at, Math.max(start, end));
      assert.ok(roots.length <= Math.max(1, 2 * Math.log2(lanes)));
    }),
  );
});

test('six lanes are added as ((0+1)+(2+3))+(4+5)', () => {
  const text = sumBelow<string>(
    topOf(6),
    6,
    ({ level, index }) => (level === 0 ? `${index}` : undefined),
    (left, right) => `(${left}+${right})`,
  );
  assert.equal(text, '(((0+1)+(2+3))+(4+5))');
});

// Would catch a sum that silently forgets a lane whose contribution never came.
test('a lane without a value is an error', () => {
  assert.throws(
    () =>
      sumBelow<number>(
        topOf(2),
        2,
        (node) => (node.level === 0 && node.index === 0 ? 1 : undefined),
        add,
      ),
    /lane 1 has no value/,
  );
});
