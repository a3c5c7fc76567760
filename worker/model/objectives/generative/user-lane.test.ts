import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lane, step } from '../../../../shared/ids.js';
import type { LanePlan } from '../../../../shared/plan/lane-plan.js';
import { userLane } from './user-lane.js';

const plan = (sequences: number[][]): LanePlan => {
  const lengths = sequences.map(({ length }) => length);
  return {
    step: step(0),
    lane: lane(0),
    lanes: 1,
    items: new Int32Array(0),
    itemLaneOffsets: Int32Array.of(0, 0),
    negatives: Int32Array.of(0),
    users: Int32Array.from(sequences.keys()),
    sequenceOffsets: Int32Array.from(
      [0, ...lengths].map((_, i) => lengths.slice(0, i).reduce((a, b) => a + b, 0)),
    ),
    sequenceRows: Int32Array.from(sequences.flat()),
    lossScale: 1,
    targets: null,
  };
};

describe('user lane', () => {
  // Would catch a target of the wrong sequence, or the last item among the inputs.
  it('reads all but the last item and predicts all but the first', () => {
    const { inputs, targets } = userLane(
      plan([
        [5, 6],
        [1, 2, 3],
      ]),
    );
    assert.deepEqual(Array.from(inputs.rows), [5, 1, 2]);
    assert.deepEqual(Array.from(inputs.offsets), [0, 1, 3]);
    assert.deepEqual(Array.from(targets), [6, 2, 3]);
  });

  it('leaves out sequences that hold no prediction', () => {
    const { inputs, targets } = userLane(plan([[], [4], [7, 8]]));
    assert.deepEqual(Array.from(inputs.offsets), [0, 1]);
    assert.deepEqual(Array.from(targets), [8]);
  });
});
