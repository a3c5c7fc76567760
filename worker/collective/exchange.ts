/** What members exchange in a step, as the training thread sees it. */
import type { Rank } from '../../shared/ids.js';
import type { LaneShares } from '../../shared/plan/lane-ownership.js';
import type { Millis } from '../../shared/units.js';
import type { Slice } from './schedule.js';
import type { Tag } from './tag.js';

/** Vectors by `nodeNumber`. */
export type Contributions = ReadonlyMap<number, Float32Array>;

/** Where sums end: into a left vector its right neighbour is added. Undefined without lanes. */
export const firstOf = (contributions: Contributions): Float32Array | undefined =>
  contributions.values().next().value;

/**
 * Every member calls the same operations with the same tags, in an order that may differ only
 * between operations that do not wait for each other. All vectors lie in shared memory, and belong
 * to the operation until it ends. Every promise rejects with PeerLostError as soon as a peer's
 * socket closes, with PeerTimeoutError when nothing moved for the deadline, and with
 * ExchangeAbortedError after `abort`; after the first failure all of them do.
 */
export interface Exchange {
  readonly rank: Rank;
  readonly size: number;
  /** Who owns which lanes: the same at every member. */
  readonly shares: LaneShares;

  /** Fills parts[r] with what rank r has in its own parts[r]; the lengths are equal everywhere. */
  allGather(tag: Tag, parts: readonly Float32Array[]): Promise<void>;

  /**
   * Sums whole vectors over all lanes, in the tree of shared/reduction/reduction-tree.ts.
   *
   * @param contributions sums of subtrees that together hold the lanes that `shares` gives to this
   * rank, in lane order, by number of their node (of a single lane: the lane); overwritten
   * @param slices the floats that each rank finishes
   * @returns this rank's slice: a view, good until the next operation of the same phase and part
   */
  reduceScatter(
    tag: Tag,
    contributions: Contributions,
    slices: readonly Slice[],
  ): Promise<Float32Array>;

  /**
   * As reduceScatter followed by allGather, without a stop between them.
   *
   * @param into the finished vector; may be this rank's first contribution
   */
  allReduce(
    tag: Tag,
    contributions: Contributions,
    slices: readonly Slice[],
    into: Float32Array,
  ): Promise<void>;

  /** Gives up every operation and tells the peers by cutting the links. */
  abort(reason: string): void;

  /** Lets this thread end; the links stay until their host closes them. */
  close(): void;

  /** Time in which this thread had nothing to do but wait for operations, since the beginning. */
  waited(): Millis;
}
