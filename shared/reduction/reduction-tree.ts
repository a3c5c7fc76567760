/**
 * The fixed binary tree in which the contributions of all lanes are added. Floating-point addition
 * does not associate, so the tree, and not the cluster, decides who is added to whom: it spans the
 * next power of two above V, and lanes that do not exist are skipped. A member adds the largest
 * subtrees whose lanes it owns; whoever finishes the sum goes on from those, in the same tree.
 */
import type { LaneRun } from '../plan/lane-ownership.js';

/** The aligned block of lanes [index * 2^level, (index + 1) * 2^level). Level 0 is one lane. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
}

/** The node whose sum is the sum over all lanes. */
export function topOf(lanes: number): TreeNode {
  return { level: Math.ceil(Math.log2(lanes)), index: 0 };
}

/** The lanes below `node` that exist. */
export function lanesBelow(node: TreeNode, lanes: number): LaneRun {
  const width = 2 ** node.level;
  return {
    start: Math.min(lanes, node.index * width),
    end: Math.min(lanes, (node.index + 1) * width),
  };
}

/** The largest subtrees that the owner of `run` can add without anyone's help, in lane order. */
export function rootsOf(run: LaneRun, lanes: number): TreeNode[] {
  return rootsWhere((lane) => run.start <= lane && lane < run.end, lanes);
}

/** As `rootsOf`, for lanes that need not be neighbours. */
export function rootsWhere(owns: (lane: number) => boolean, lanes: number): TreeNode[] {
  const roots: TreeNode[] = [];
  const visit = (node: TreeNode): void => {
    const { start, end } = lanesBelow(node, lanes);
    if (start === end) return;
    let owned = 0;
    for (let lane = start; lane < end; lane++) if (owns(lane)) owned++;
    if (owned === end - start) roots.push(node);
    else if (owned > 0) for (const child of childrenOf(node)) visit(child);
  };
  visit(topOf(lanes));
  return roots;
}

/**
 * Adds up `node`. `known` gives what is already known of a node (a lane's own contribution, or a
 * sum that another member has made) and undefined where the tree has to be descended.
 *
 * @throws RangeError where a lane's value is missing, because a sum without it would look plausible.
 */
export function sumBelow<Value>(
  node: TreeNode,
  lanes: number,
  known: (node: TreeNode) => Value | undefined,
  add: (left: Value, right: Value) => Value,
): Value {
  const value = known(node);
  if (value !== undefined) return value;
  if (node.level === 0) {
    throw new RangeError(
      `Cannot add up the lanes: lane ${node.index} has no value: all of ${lanes} need one`,
    );
  }
  const [left, right] = childrenOf(node);
  const leftSum = sumBelow(left, lanes, known, add);
  const { start, end } = lanesBelow(right, lanes);
  return start === end ? leftSum : add(leftSum, sumBelow(right, lanes, known, add));
}

/** A name for maps and for the wire: nodes of one tree have different numbers below 2^31. */
export function nodeNumber(node: TreeNode): number {
  return node.level * nodesOfLevel + node.index;
}

/** The node of that number. */
export function nodeOf(number: number): TreeNode {
  return { level: Math.floor(number / nodesOfLevel), index: number % nodesOfLevel };
}

const nodesOfLevel = 2 ** 24;

export function parentOf({ level, index }: TreeNode): TreeNode {
  return { level: level + 1, index: Math.floor(index / 2) };
}

function childrenOf({ level, index }: TreeNode): [TreeNode, TreeNode] {
  return [
    { level: level - 1, index: index * 2 },
    { level: level - 1, index: index * 2 + 1 },
  ];
}
