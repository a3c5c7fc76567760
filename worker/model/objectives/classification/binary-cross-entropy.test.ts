import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { binaryCrossEntropy } from './binary-cross-entropy.js';

describe('binary cross-entropy', () => {
  const lossOf = (logit: number, label: number): number =>
    binaryCrossEntropy(Float32Array.of(logit), Float32Array.of(label), 1).loss;

  // Would catch a sign, a label that is taken for its opposite, and a forgotten scale.
  it('is the loss of its definition, and its gradient is the slope', () => {
    const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
    for (const [z, y] of [
      [0.5, 1],
      [-1.25, 0],
      [2, 0.25],
    ] as const) {
      const expected = -y * Math.log(sigmoid(z)) - (1 - y) * Math.log(1 - sigmoid(z));
      assert.ok(Math.abs(lossOf(z, y) - expected) < 1e-12);
      const { dLogits } = binaryCrossEntropy(Float32Array.of(z), Float32Array.of(y), 0.5);
      const slope = (lossOf(z + 2 ** -10, y) - lossOf(z - 2 ** -10, y)) * 2 ** 9;
      assert.ok(Math.abs((dLogits[0] as number) - 0.5 * slope) < 1e-6);
    }
  });

  // Would catch an overflow, or the logarithm of zero, where the model is certain.
  it('is finite where the model is certain', () => {
    assert.equal(lossOf(1e30, 1), 0);
    assert.equal(lossOf(-1000, 1), 1000);
    assert.equal(lossOf(1000, 0), 1000);
    assert.equal(lossOf(-1e30, 0), 0);
  });

  it('is zero of nothing', () => {
    assert.deepEqual(binaryCrossEntropy(new Float32Array(0), new Float32Array(0), 1), {
      loss: 0,
      dLogits: new Float32Array(0),
    });
  });
});
