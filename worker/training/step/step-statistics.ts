/**
 * What the members tell each other about a step besides its gradients: a few numbers for each lane
 * and one wish of each member. They travel as float32, like everything else on the links; counts
 * are exact up to 2^24.
 */
import type { LanePlan } from '../../../shared/plan/lane-plan.js';
import type { UserLaneResult } from '../../model/hllm.js';

/** Floats of one lane, in the order in which `packStatistics` writes them. */
const laneFloats = 8;

/** What a lane's result says once its gradients are part of a sum. */
export type LaneScores = Omit<UserLaneResult, 'dEmbeddings'>;

export interface StepStatistics {
  /** Each lane's share of the loss, in lane order. */
  readonly laneLosses: readonly number[];
  readonly loss: number;
  readonly predictions: number;
  readonly sequences: number;
  readonly distinctItems: number;
  readonly itemTokens: number;
  readonly top1Hits: number;
  readonly liveNegatives: number;
  /** Of the prediction that has fewest. */
  readonly leastLiveNegatives: number;
  /** True where any member was asked to stop: everyone reads the same, so everyone stops. */
  readonly stop: boolean;
}

/** How many floats a member with `lanes` lanes sends. */
export const statisticsLength = (lanes: number): number => lanes * laneFloats + 1;

/** Writes a member's statistics. `lanes` is in lane order. */
export function packStatistics(
  into: Float32Array,
  lanes: readonly { plan: LanePlan; result: LaneScores; tokens: number }[],
  stop: boolean,
): void {
  lanes.forEach(({ plan, result, tokens }, index) => {
    into.set(
      [
        result.loss,
        result.predictions,
        plan.users.length,
        plan.items.length,
        tokens,
        result.top1Hits,
        result.liveNegatives,
        result.leastLiveNegatives,
      ],
      index * laneFloats,
    );
  });
  into[lanes.length * laneFloats] = stop ? 1 : 0;
}

/** Adds up the members' parts, in lane order, in double precision. */
export function unpackStatistics(parts: readonly Float32Array[]): StepStatistics {
  const totals = new Array<number>(laneFloats).fill(0);
  const laneLosses: number[] = [];
  let leastLiveNegatives = Number.POSITIVE_INFINITY;
  let stop = false;
  for (const part of parts) {
    const lanes = (part.length - 1) / laneFloats;
    for (let lane = 0; lane < lanes; lane++) {
      const row = part.subarray(lane * laneFloats, (lane + 1) * laneFloats);
      laneLosses.push(row[0] as number);
      leastLiveNegatives = Math.min(leastLiveNegatives, row[laneFloats - 1] as number);
      row.forEach((value, column) => {
        totals[column] = (totals[column] as number) + value;
      });
    }
    stop ||= part[part.length - 1] !== 0;
  }
  const [loss, predictions, sequences, distinctItems, itemTokens, top1Hits, liveNegatives] =
    totals as [number, number, number, number, number, number, number];
  return {
    laneLosses,
    loss,
    predictions,
    sequences,
    distinctItems,
    itemTokens,
    top1Hits,
    liveNegatives,
    leastLiveNegatives,
    stop,
  };
}
