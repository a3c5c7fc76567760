/** Lane plans made of a discriminative case: its users are dealt to a fixed number of lanes. */
import { lane, step } from '../../shared/ids.js';
import { dealItems, offsetsOf } from './deal-items.js';
import type { FusionCase } from './fusion-case.js';
import { byLength, type GoldenLane } from './golden-plan.js';

/** Whatever the workers, so that their number changes no bit; as many of them can share a case. */
export const fusionLanes = 8;

/** The step's losses are means over all predictions and over all targets. */
export function fusionPlans({ configuration }: FusionCase): GoldenLane[] {
  const { histories, targets, labels, negatives, items } = configuration;
  const needed = [...histories.flat(), ...targets.flat(), ...negatives];
  const dealt = dealItems(items, needed, fusionLanes);
  const predictions = histories.reduce((sum, { length }) => sum + Math.max(0, length - 1), 0);
  return Array.from({ length: fusionLanes }, (_, index) => {
    const own = [...histories.keys()].filter((user) => user % fusionLanes === index);
    const users = byLength(histories, own);
    const of = <Value>(lists: readonly (readonly Value[])[]): (readonly Value[])[] =>
      users.map((user) => lists[user] as readonly Value[]);
    return {
      users,
      plan: {
        step: step(0),
        lane: lane(index),
        lanes: fusionLanes,
        items: Int32Array.from(dealt.lanes[index] as readonly number[]),
        itemLaneOffsets: dealt.offsets,
        negatives: dealt.rowsOf(negatives),
        users: Int32Array.from(users),
        sequenceOffsets: offsetsOf(of(histories)),
        sequenceRows: dealt.rowsOf(of(histories).flat()),
        lossScale: 1 / Math.max(1, predictions),
        targets: {
          offsets: offsetsOf(of(targets)),
          rows: dealt.rowsOf(of(targets).flat()),
          labels: Float32Array.from(of(labels).flat()),
          scale: 1 / Math.max(1, targets.flat().length),
        },
      },
    };
  });
}
