/** For tests: any plan of a step that keeps the rules. */
import fc from 'fast-check';
import { lane, step } from '../ids.js';
import type { LanePart, LaneTargets, SharedPart } from '../plan/lane-plan.js';

export interface AnyPlan {
  readonly shared: SharedPart;
  readonly lanes: readonly LanePart[];
}

export const anyPlans: fc.Arbitrary<AnyPlan> = fc
  .record({
    at: fc.nat(2 ** 31 - 1),
    perLane: fc.array(fc.nat(5), { minLength: 1, maxLength: 6 }),
    lengths: fc.array(fc.nat(4), { maxLength: 6 }),
    negatives: fc.nat(9),
    numbers: fc.array(fc.nat(2 ** 31 - 2), { minLength: 97, maxLength: 97 }),
    lossScale: fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0),
    targetsOf: fc.option(fc.array(fc.nat(3), { minLength: 6, maxLength: 6 })),
  })
  .map(({ at, perLane, lengths, negatives, numbers, lossScale, targetsOf }) => {
    let used = 0;
    const fill = (length: number, end: number): Int32Array =>
      Int32Array.from({ length }, () => (numbers[used++ % numbers.length] as number) % end);
    const itemLaneOffsets = offsetsOf(perLane);
    const lanes = perLane.length;
    const rows = itemLaneOffsets[lanes] ?? 0;
    const kept = rows === 0 ? [] : lengths;
    const sequenceOffsets = offsetsOf(kept);
    const targets = (): LaneTargets | null => {
      if (targetsOf === null) return null;
      const offsets = offsetsOf(targetsOf.slice(0, kept.length));
      const count = offsets[kept.length] ?? 0;
      const labels = Float32Array.from(fill(count, 5), (fifths) => fifths / 4);
      return { offsets, rows: fill(count, Math.max(1, rows)), labels, scale: lossScale / 2 };
    };
    return {
      shared: {
        step: step(at),
        lanes,
        itemLaneOffsets,
        negatives: fill(rows === 0 ? 0 : negatives, rows),
      },
      lanes: perLane.map((items, index) => ({
        step: step(at),
        lane: lane(index),
        lanes,
        items: fill(items, 2 ** 31 - 1),
        users: fill(kept.length, 2 ** 31 - 1),
        sequenceOffsets,
        sequenceRows: fill(sequenceOffsets[kept.length] ?? 0, Math.max(1, rows)),
        lossScale,
        targets: targets(),
      })),
    };
  });

function offsetsOf(lengths: readonly number[]): Int32Array {
  const offsets = new Int32Array(lengths.length + 1);
  lengths.forEach((length, index) => {
    offsets[index + 1] = (offsets[index] as number) + length;
  });
  return offsets;
}
