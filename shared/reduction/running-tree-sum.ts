/**
 * Adds up lanes as they come, one after the other, in the tree of reduction-tree.ts: two halves of a
 * subtree are added as soon as both are whole, so that few sums are alive at any time. One member
 * that owns all of V lanes holds log2(V) + 1 at most.
 */
import { type LaneRun, lanesOf } from '../plan/lane-ownership.js';
import { lanesBelow, nodeNumber, parentOf, rootsOf, type TreeNode } from './reduction-tree.js';

interface NodeSum<Value> {
  readonly node: TreeNode;
  readonly value: Value;
}

export class RunningTreeSum<Value> {
  readonly #lanes: number;
  readonly #roots: ReadonlySet<number>;
  readonly #add: (left: Value, right: Value) => Value;
  /** Sums of neighbouring subtrees, in lane order. */
  readonly #sums: NodeSum<Value>[] = [];
  #next: number;

  /**
   * @param run the lanes that will come, in this order
   * @param lanes V, of the whole tree
   * @param add takes over both of its arguments
   */
  constructor(run: LaneRun, lanes: number, add: (left: Value, right: Value) => Value) {
    this.#lanes = lanes;
    this.#roots = new Set(rootsOf(run, lanes).map(nodeNumber));
    this.#add = add;
    this.#next = run.start;
  }

  /** Takes over what the next lane contributes. */
  push(value: Value): void {
    let sum: NodeSum<Value> = { node: { level: 0, index: this.#next++ }, value };
    // Above a root there are lanes of others; below it, a subtree ends with its last lane.
    while (!this.#roots.has(nodeNumber(sum.node)) && this.#isWhole(parentOf(sum.node))) {
      sum = { node: parentOf(sum.node), value: this.#withLeft(sum) };
    }
    this.#sums.push(sum);
  }

  /** How many values are held. */
  get size(): number {
    return this.#sums.length;
  }

  /** By number of their node, in lane order; once all lanes have come, the sums of `rootsOf`. */
  get sums(): ReadonlyMap<number, Value> {
    return new Map(this.#sums.map(({ node, value }) => [nodeNumber(node), value]));
  }

  #isWhole(node: TreeNode): boolean {
    return lanesBelow(node, this.#lanes).end === this.#next;
  }

  #withLeft({ node, value }: NodeSum<Value>): Value {
    // A left child whose sibling has no lanes is all of its parent.
    if (node.index % 2 === 0) return value;
    return this.#add((this.#sums.pop() as NodeSum<Value>).value, value);
  }
}

/** How many vectors a member needs that owns `run`: what it holds, and the one of a lane that computes. */
export function mostSums(run: LaneRun, lanes: number): number {
  const sum = new RunningTreeSum<null>(run, lanes, () => null);
  let most = 0;
  for (const _ of lanesOf(run)) {
    most = Math.max(most, sum.size + 1);
    sum.push(null);
  }
  return most;
}
