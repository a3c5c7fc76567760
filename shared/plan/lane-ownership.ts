/**
 * Which lanes a member owns: an almost equal, contiguous run for each rank, so that most of the
 * summation tree over lanes can be added locally.
 */
import type { Lane, Rank } from '../ids.js';

export interface LaneRun {
  /** First lane of the run. */
  readonly start: number;
  /** One past its last lane; equal to `start` where there are more members than lanes. */
  readonly end: number;
}

/** Rank r of W owns lanes floor(r V / W) .. floor((r + 1) V / W). */
export function laneRun(rank: Rank, members: number, lanes: number): LaneRun {
  return {
    start: Math.floor((rank * lanes) / members),
    end: Math.floor(((rank + 1) * lanes) / members),
  };
}

export function lanesOf(run: LaneRun): Lane[] {
  return Array.from({ length: run.end - run.start }, (_, index) => (run.start + index) as Lane);
}

/** The rank whose run holds `lane`. */
export function ownerOf(lane: Lane, members: number, lanes: number): Rank {
  const guess = Math.floor(((lane + 1) * members - 1) / lanes);
  return guess as Rank;
}
