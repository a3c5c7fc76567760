/** Lane plans made of a case's batches: a rank of the case is a lane. */
import { lane, type Step } from '../../shared/ids.js';
import type { LanePlan } from '../../shared/plan/lane-plan.js';
import { dealItems, offsetsOf } from './deal-items.js';
import type { GoldenBatch, GoldenCase } from './golden-case.js';

export interface GoldenLane {
  readonly plan: LanePlan;
  /** Where the plan's sequences stand in the case: plan sequence i is user users[i]. */
  readonly users: readonly number[];
}

/** The plans of a step. Its loss is the mean over lanes of each lane's mean. */
export function goldenLanes({ configuration, batches }: GoldenCase, step: Step): GoldenLane[] {
  const ranks = batches[step] as readonly GoldenBatch[];
  const lanes = ranks.length;
  const needed = ranks.flatMap(({ sequences, negatives }) => [...sequences.flat(), ...negatives]);
  const dealt = dealItems(configuration.items, needed, lanes);
  const negatives = dealt.rowsOf(ranks.flatMap((rank) => rank.negatives));

  return ranks.map(({ sequences }, index) => {
    const users = byLength(sequences, [...sequences.keys()]);
    const sorted = users.map((user) => sequences[user] as readonly number[]);
    const items = sorted.flat();
    return {
      users,
      plan: {
        step,
        lane: lane(index),
        lanes,
        items: Int32Array.from(dealt.lanes[index] as readonly number[]),
        itemLaneOffsets: dealt.offsets,
        negatives,
        users: Int32Array.from(users),
        sequenceOffsets: offsetsOf(sorted),
        sequenceRows: dealt.rowsOf(items),
        lossScale: 1 / (lanes * (items.length - sequences.length)),
        targets: null,
      },
    };
  });
}

/** Users in the order of the lengths of their sequences. */
export function byLength(
  sequences: readonly (readonly number[])[],
  users: readonly number[],
): number[] {
  const length = (user: number): number => (sequences[user] as readonly number[]).length;
  return [...users].sort((a, b) => length(a) - length(b) || a - b);
}
