/**
 * Who sends what to whom, as data. Every slice goes straight to its owner: one hop, whatever the
 * number of members. A member sends the sums of its own subtrees (rootsOf), never single lanes
 * that it could have added, and the owner of the slice finishes the tree.
 */
import type { Rank } from '../../shared/ids.js';
import type { LaneShares } from '../../shared/plan/lane-ownership.js';
import { rootsOf, type TreeNode } from '../../shared/reduction/reduction-tree.js';
import { maxPayloadBytes } from './frames/frames.js';

/** Floats [start, end) of a vector. */
export interface Slice {
  readonly start: number;
  readonly end: number;
}

export interface ReduceShape {
  readonly shares: LaneShares;
  /** The slice that rank r finishes; one for each member. */
  readonly slices: readonly Slice[];
}

/** The sum below `node`, of the floats of `to`'s slice. */
export interface Transfer {
  readonly from: Rank;
  readonly to: Rank;
  readonly node: TreeNode;
  readonly slice: Slice;
}

/** The subtrees that `rank` adds on its own. */
export function rootsOfRank(rank: Rank, { shares }: ReduceShape): TreeNode[] {
  return rootsOf(shares.run(rank), shares.lanes);
}

/** What a reduce-scatter sends from one member to another. */
export function transfersBetween(from: Rank, to: Rank, shape: ReduceShape): Transfer[] {
  const slice = shape.slices[to] as Slice;
  if (from === to || slice.start === slice.end) return [];
  return rootsOfRank(from, shape).map((node) => ({ from, to, node, slice }));
}

/** The whole reduce-scatter. */
export function reduceSchedule(shape: ReduceShape): Transfer[] {
  const ranks = shape.slices.map((_, index) => index as Rank);
  return ranks.flatMap((from) => ranks.flatMap((to) => transfersBetween(from, to, shape)));
}

/** `0 -> 1: lanes 0..1 of floats 16..32`, a line a transfer. */
export function printSchedule(schedule: readonly Transfer[]): string {
  return schedule
    .map(({ from, to, node, slice }) => {
      const first = node.index * 2 ** node.level;
      const last = first + 2 ** node.level - 1;
      return `${from} -> ${to}: lanes ${first}..${last} of floats ${slice.start}..${slice.end}`;
    })
    .join('\n');
}

export const chunkFloats = maxPayloadBytes / 4;

export const chunkCount = (length: number): number => Math.ceil(length / chunkFloats);

/** Chunk `index` of a slice of `length` floats, as a slice of the slice. */
export function chunkAt(index: number, length: number): Slice {
  const start = index * chunkFloats;
  return { start, end: Math.min(length, start + chunkFloats) };
}
