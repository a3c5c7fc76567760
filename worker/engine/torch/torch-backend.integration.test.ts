import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import {
  add,
  engine,
  matMul,
  memory,
  reshape,
  setBackend,
  slice,
  split,
  type Tensor,
  tensor1d,
  tensor2d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import type { Engine } from '../engine.js';
import { openEngine } from '../open-engine.js';

describe('the torch backend', () => {
  let torch: Engine;
  before(async () => {
    torch = await openEngine('torch', { threads: 1 });
  });
  beforeEach(() => setBackend('torch'));

  // Would catch an error of libtorch that reaches a user as a C++ trace, or ends the process.
  it('turns errors into errors that name the kernel and the shapes', () => {
    tidy(() => {
      const inputs = { a: zeros([2, 3]), b: zeros([4, 5]) };
      assert.throws(
        () => engine().runKernel('BatchMatMul', inputs, { transposeA: false, transposeB: false }),
        /Cannot run kernel BatchMatMul on \[float32 \[2, 3\], float32 \[4, 5\]\]/,
      );
    });
  });

  // Would catch a use after free that reads another tensor's numbers.
  it('refuses a tensor whose data is gone', () => {
    const x = tensor1d([1, 2]);
    const info = { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
    x.dispose();
    assert.throws(() => engine().runKernel('Neg', { x: info as Tensor }), /disposed/);
  });

  // Would catch memory that waits for the garbage collector, or a count of holders that is off by one.
  it('frees memory at the last dispose, not before', () => {
    const held = torch.tensorBytes() as number;
    const x = tensor2d(new Float32Array(1000), [10, 100]);
    const other = x.clone();
    assert.equal(torch.tensorBytes(), held + 4000);
    x.dispose();
    assert.deepEqual([...other.dataSync().slice(0, 2)], [0, 0]);
    assert.equal(torch.tensorBytes(), held + 4000);
    other.dispose();
    assert.equal(torch.tensorBytes(), held);
  });

  // Would catch a part that keeps the whole alive: its bytes would be counted as few and be many.
  it('gives parts of a tensor memory of their own', () => {
    const held = torch.tensorBytes() as number;
    const whole = tensor2d(new Float32Array(1000), [10, 100]);
    const parts = split(whole, [3, 7]);
    const row = slice(whole, [4, 0], [1, 100]);
    whole.dispose();
    assert.equal(torch.tensorBytes(), held + 4000 + 400);
    for (const each of [...parts, row]) each.dispose();
    assert.equal(torch.tensorBytes(), held);
  });

  // Would catch a result that depends on where in a larger tensor its inputs lie.
  it('multiplies the same rows to the same bits, wherever they were cut from', () => {
    tidy(() => {
      const [rows, inner, columns] = [37, 129, 65];
      const numbers = (count: number, step: number): Float32Array =>
        Float32Array.from({ length: count }, (_, index) => Math.sin(index * step));
      const weights = tensor2d(numbers(inner * columns, 0.7), [inner, columns]);
      const values = numbers(rows * inner, 0.3);
      const expected = matMul(tensor2d(values, [rows, inner]), weights).dataSync();
      for (const before of [1, 2, 3, 17]) {
        const whole = new Float32Array((before + rows) * inner);
        whole.set(values, before * inner);
        const cut = slice(tensor2d(whole, [before + rows, inner]), [before, 0], [rows, inner]);
        assert.deepEqual(matMul(cut, weights).dataSync(), expected);
      }
    });
  });

  // Would catch a reshape that shares a counter with what it was made from.
  it('keeps a reshaped tensor alive without the original', () => {
    const { numTensors } = memory();
    const x = tensor1d([1, 2, 3, 4]);
    const y = reshape(x, [2, 2]);
    x.dispose();
    const z = add(y, y);
    assert.deepEqual([...z.dataSync()], [2, 4, 6, 8]);
    y.dispose();
    z.dispose();
    assert.equal(memory().numTensors, numTensors);
  });
});
