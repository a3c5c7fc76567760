import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { earlyFusion } from '../objectives/early-fusion/early-fusion.js';
import { lateFusion } from '../objectives/late-fusion/late-fusion.js';
import { tinySequences } from '../tiny-step.js';
import { plainRows, userToken } from './user-rows.js';

const histories = tinySequences([[7], [4, 5, 6]]);
const targets = tinySequences([[], [1, 2]]);

describe('the rows that the user model reads', () => {
  it('are the histories, each from position zero', () => {
    const { rows, positions } = plainRows(histories);
    assert.deepEqual([...rows], [7, 4, 5, 6]);
    assert.deepEqual([...positions], [0, 0, 1, 2]);
  });

  // Would catch targets one behind the other, and a head that reads the last item's state.
  it('of early fusion end with all targets at one position', () => {
    const { read, historyRows, stateRows } = earlyFusion.fuse(histories, targets);
    assert.deepEqual([...read.rows], [7, 4, 5, 6, 1, 2]);
    assert.deepEqual([...read.positions], [0, 0, 1, 2, 3, 3]);
    assert.deepEqual(
      read.layout.groups.map(({ length, leaves }) => [length, leaves]),
      [
        [1, 0],
        [5, 2],
      ],
    );
    assert.deepEqual([...historyRows], [0, 1]);
    assert.deepEqual([...stateRows], [4, 5]);
  });

  it('of late fusion end with the token, whose state all targets meet', () => {
    const { read, historyRows, stateRows } = lateFusion.fuse(histories, targets);
    assert.deepEqual([...read.rows], [7, userToken, 4, 5, 6, userToken]);
    assert.deepEqual([...read.positions], [0, 1, 0, 1, 2, 3]);
    assert.deepEqual([...historyRows], [0, 2]);
    assert.deepEqual([...stateRows], [5, 5]);
  });
});
