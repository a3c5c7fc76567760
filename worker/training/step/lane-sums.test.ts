import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeNumber, topOf } from '../../../shared/reduction/reduction-tree.js';
import { javascriptArithmetic } from '../../arithmetic/javascript-arithmetic.js';
import { LaneSums } from './lane-sums.js';

// Would catch a buffer that is given to a lane while another one's sum is still in it.
test('13 lanes of one member are added in 5 buffers', () => {
  const buffers = Array.from({ length: 5 }, () => new Float32Array(3));
  const run = { start: 0, end: 13 };
  const sums = new LaneSums(
    { run, lanes: 13, arithmetic: javascriptArithmetic },
    (buffer) => buffers[buffer] as Float32Array,
  );
  for (let lane = 0; lane < 13; lane++) sums.push((vector) => vector.fill(2 ** lane));
  const expected = new Map([[nodeNumber(topOf(13)), new Float32Array(3).fill(2 ** 13 - 1)]]);
  assert.deepEqual(sums.contributions, expected);
});

// Would catch buffers of a member in the middle that run out: its subtrees wait for those of others.
test('a member in the middle gives the sums of its subtrees', () => {
  const run = { start: 3, end: 6 };
  const made: number[] = [];
  const sums = new LaneSums({ run, lanes: 9, arithmetic: javascriptArithmetic }, (buffer) => {
    made[buffer] = 1;
    return new Float32Array(1);
  });
  for (let lane = 3; lane < 6; lane++) sums.push(() => lane);
  const roots = [nodeNumber({ level: 0, index: 3 }), nodeNumber({ level: 1, index: 2 })];
  assert.deepEqual([...sums.contributions.keys()], roots);
  assert.equal(made.length, 3);
});
