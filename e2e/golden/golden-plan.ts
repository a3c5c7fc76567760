/** Lane plans made of a case's batches: a rank of the case is a lane. */
import { lane, type Step } from '../../shared/ids.js';
import type { LanePlan } from '../../shared/plan/lane-plan.js';
import type { GoldenBatch, GoldenCase } from './golden-case.js';

export interface GoldenLane {
  readonly plan: LanePlan;
  /** Where the plan's sequences stand in the case: plan sequence i is user users[i]. */
  readonly users: readonly number[];
}

/**
 * The plans of a step. Its loss is the mean over lanes of each lane's mean, and the items that
 * anyone needs are dealt to the lanes by length, each item once.
 */
export function goldenLanes({ configuration, batches }: GoldenCase, step: Step): GoldenLane[] {
  const ranks = batches[step] as readonly GoldenBatch[];
  const lanes = ranks.length;
  const length = (item: number): number => (configuration.items[item] as number[]).length;
  const needed = new Set(
    ranks.flatMap(({ sequences, negatives }) => [...sequences.flat(), ...negatives]),
  );
  const byLength = [...needed].sort((a, b) => length(a) - length(b) || a - b);
  const itemLanes = ranks.map((_, index) => byLength.filter((_, at) => at % lanes === index));
  const rows = new Map(itemLanes.flat().map((item, row) => [item, row]));
  const rowsOf = (items: readonly number[]): Int32Array =>
    Int32Array.from(items, (item) => rows.get(item) as number);
  const negatives = rowsOf(ranks.flatMap((rank) => rank.negatives));

  return ranks.map(({ sequences }, index) => {
    const users = sequences
      .map((_, user) => user)
      .sort((a, b) => sequenceLength(sequences, a) - sequenceLength(sequences, b));
    const sorted = users.map((user) => sequences[user] as readonly number[]);
    const items = sorted.flat();
    return {
      users,
      plan: {
        step,
        lane: lane(index),
        lanes,
        items: Int32Array.from(itemLanes[index] as number[]),
        itemLaneOffsets: offsets(itemLanes),
        negatives,
        users: Int32Array.from(users),
        sequenceOffsets: offsets(sorted),
        sequenceRows: rowsOf(items),
        lossScale: 1 / (lanes * (items.length - sequences.length)),
        targets: null,
      },
    };
  });
}

const sequenceLength = (sequences: GoldenBatch['sequences'], user: number): number =>
  (sequences[user] as readonly number[]).length;

function offsets(lists: readonly (readonly number[])[]): Int32Array {
  let end = 0;
  return Int32Array.from([0, ...lists.map((list) => (end += list.length))]);
}
