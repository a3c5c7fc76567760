/** What a lane plan asks of the user model: what to read, and what to predict from it. */
import type { LanePlan } from '../../../../shared/plan/lane-plan.js';
import type { UserSequences } from '../../users/user-rows.js';

export interface UserLane {
  /** Every sequence without its last item: R rows. */
  readonly inputs: UserSequences;
  /** The item behind each of those rows. [R] */
  readonly targets: Int32Array;
}

/** Sequences of fewer than two items hold no prediction and are left out. */
export function userLane({ sequenceOffsets, sequenceRows }: LanePlan): UserLane {
  const offsets = [0];
  const rows: number[] = [];
  const targets: number[] = [];
  for (let sequence = 0; sequence + 1 < sequenceOffsets.length; sequence++) {
    const items = sequenceRows.subarray(sequenceOffsets[sequence], sequenceOffsets[sequence + 1]);
    if (items.length < 2) continue;
    rows.push(...items.subarray(0, -1));
    targets.push(...items.subarray(1));
    offsets.push(rows.length);
  }
  return {
    inputs: { offsets: Int32Array.from(offsets), rows: Int32Array.from(rows) },
    targets: Int32Array.from(targets),
  };
}
