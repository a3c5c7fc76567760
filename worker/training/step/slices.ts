import { rank } from '../../../shared/ids.js';
import type { LaneShares } from '../../../shared/plan/lane-ownership.js';
import type { SharedPart } from '../../../shared/plan/lane-plan.js';
import type { Slice } from '../../collective/schedule.js';

/** 64 bytes: a slice that starts on a cache line can be added with aligned vector loads. */
const floatsPerLine = 16;

/** Cuts [0, length) into `count` contiguous slices that differ by one cache line at most. */
export function evenSlices(length: number, count: number): Slice[] {
  const lines = Math.ceil(length / floatsPerLine);
  const edge = (index: number): number =>
    Math.min(length, Math.floor((index * lines) / count) * floatsPerLine);
  return Array.from({ length: count }, (_, index) => ({
    start: edge(index),
    end: index === count - 1 ? length : edge(index + 1),
  }));
}

/** The rows of the item matrix that each member's item lanes hold, by rank. */
export function rowSlices(
  { itemLaneOffsets }: Pick<SharedPart, 'itemLaneOffsets'>,
  shares: LaneShares,
): Slice[] {
  return shares.counts.map((_, member) => {
    const run = shares.run(rank(member));
    return { start: itemLaneOffsets[run.start] as number, end: itemLaneOffsets[run.end] as number };
  });
}
