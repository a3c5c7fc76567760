/**
 * Which lanes a member owns: data of its generation. Every rank has a contiguous run of them, so that
 * most of the summation tree over lanes can be added locally; how long a run is changes who computes
 * what, and never a bit of the result.
 */
import { type Lane, type Rank, rank as rankOf } from '../ids.js';

export interface LaneRun {
  /** First lane of the run. */
  readonly start: number;
  /** One past its last lane; equal to `start` for a member without lanes. */
  readonly end: number;
}

/** V lanes dealt to ranks in contiguous runs. */
export class LaneShares {
  /** How many lanes each rank has: what to send, and to give to `sharesOf` there. */
  readonly counts: readonly number[];
  /** V. */
  readonly lanes: number;
  /** Where each rank's run begins, and V. */
  readonly #edges: readonly number[];

  /** @throws RangeError unless at least one rank has lanes and none has fewer than none. */
  constructor(counts: readonly number[]) {
    const bad = counts.findIndex((count) => !Number.isSafeInteger(count) || count < 0);
    if (bad >= 0) {
      throw new RangeError(
        `Cannot deal the lanes: rank ${bad} has ${counts[bad]}: should be an integer >= 0`,
      );
    }
    const edges = [0];
    for (const count of counts) edges.push((edges.at(-1) as number) + count);
    this.counts = [...counts];
    this.lanes = edges.at(-1) as number;
    this.#edges = edges;
    if (this.lanes === 0) {
      throw new RangeError(
        `Cannot deal the lanes: ${counts.length} ranks have none: should be >= 1`,
      );
    }
  }

  /** W: how many ranks there are. */
  get members(): number {
    return this.counts.length;
  }

  run(rank: Rank): LaneRun {
    return { start: this.#edges[rank] as number, end: this.#edges[rank + 1] as number };
  }

  /** The rank whose run holds `lane`. */
  ownerOf(lane: Lane): Rank {
    return rankOf(this.#edges.findIndex((_, rank) => lane < (this.#edges[rank + 1] as number)));
  }
}

/** Rank r has counts[r] lanes. */
export const sharesOf = (counts: readonly number[]): LaneShares => new LaneShares(counts);

/** Rank r of W owns lanes floor(r V / W) .. floor((r + 1) V / W). */
export function evenShares(members: number, lanes: number): LaneShares {
  const edge = (rank: number): number => Math.floor((rank * lanes) / members);
  return sharesOf(Array.from({ length: members }, (_, rank) => edge(rank + 1) - edge(rank)));
}

export function lanesOf(run: LaneRun): Lane[] {
  return Array.from({ length: run.end - run.start }, (_, index) => (run.start + index) as Lane);
}
