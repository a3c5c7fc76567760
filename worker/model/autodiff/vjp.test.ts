import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { matMul, memory, mul, sigmoid, type Tensor, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { openEngine } from '../../engine/open-engine.js';
import { uniform, uniformTensor, worstGradientError } from './gradient-check.js';
import { vjp } from './vjp.js';

describe('vjp', () => {
  before(() => openEngine('cpu', { threads: 1 }));
  const f = vjp<'a' | 'b', Tensor>(({ a, b }) => mul(sigmoid(matMul(a, b)), 3));

  // Would catch gradients handed back under the wrong names.
  it('agrees with differences for every input', () => {
    const next = uniform(1);
    const inputs = { a: uniformTensor(next, [2, 3]), b: uniformTensor(next, [3, 4]) };
    const error = worstGradientError(f, inputs, next, { step: 1e-2, floor: 0.1 });
    assert.ok(error < 2e-3, `relative error ${error}`);
  });

  // Would catch a pullback that borrows its inputs, or keeps activations of the forward.
  it('needs nothing between forward and pullback but its own hold on the inputs', () => {
    const before = memory().numTensors;
    const a = tensor2d([[1, 2]]);
    const b = tensor2d([[0.5], [-0.25]]);
    const [y, pullback] = f({ a, b });
    a.dispose();
    b.dispose();
    assert.equal(memory().numTensors, before + 3);
    const gradients = pullback(y);
    const slope = 3 * 0.5 * 0.5;
    const expected = tidy(() => y.dataSync()[0] as number) * slope;
    assert.deepEqual(Array.from(gradients.a.dataSync()), [expected * 0.5, expected * -0.25]);
    y.dispose();
    gradients.a.dispose();
    gradients.b.dispose();
    assert.equal(memory().numTensors, before);
  });

  // Would catch inputs that stay alive when a lane is given up.
  it('releases its inputs when no gradient is wanted', () => {
    const before = memory().numTensors;
    const a = tensor2d([[1, 2]]);
    const b = tensor2d([[0.5], [-0.25]]);
    const [y, pullback] = f({ a, b });
    pullback.dispose();
    for (const tensor of [y, a, b]) tensor.dispose();
    assert.equal(memory().numTensors, before);
  });

  // Would catch holds that an enclosing tidy ends before the pullback runs.
  it('survives the tidy in which the forward ran', () => {
    const next = uniform(2);
    let pullback: ((dy: Tensor) => Record<'a' | 'b', Tensor>) | undefined;
    const y = tidy(() => {
      const result = f({ a: uniformTensor(next, [2, 3]), b: uniformTensor(next, [3, 2]) });
      pullback = result[1];
      return result[0];
    });
    const gradients = pullback?.(y);
    assert.deepEqual(gradients?.a.shape, [2, 3]);
  });
});
