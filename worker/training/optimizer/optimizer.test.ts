import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { step } from '../../../shared/ids.js';
import { javascriptArithmetic } from '../../arithmetic/javascript-arithmetic.js';
import { Hllm } from '../../model/hllm.js';
import { tinyModel } from '../../model/tiny-model.js';
import { NonFiniteError } from '../step/non-finite-error.js';
import { ZeroGradientError } from '../step/zero-gradient-error.js';
import { applyGradient, type OptimizerSettings } from './optimizer.js';

const model = new Hllm(tinyModel);
const { layout } = model;

const optimizer: OptimizerSettings = {
  learningRate: 0.1,
  schedule: { kind: 'constant', warmupSteps: 0, totalSteps: 1, finalFraction: 1 },
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  weightDecay: 0.01,
  clipGradNorm: 1,
};

function parts() {
  const state = {
    parameters: new Float32Array(layout.length).fill(0.5),
    firstMoments: new Float32Array(layout.length).fill(0.25),
    secondMoments: new Float32Array(layout.length).fill(0.125),
  };
  return { arithmetic: javascriptArithmetic, optimizer, state, model };
}

/** The first moment that one step from 0.25 leaves, by Adam's definition. */
const momentAfter = (gradient: number): number => 0.9 * 0.25 + 0.1 * gradient;

describe('applying a gradient', () => {
  // Would catch a clip that is left out, or a norm reported after clipping.
  it('scales a long gradient down to the largest norm', () => {
    const given = parts();
    const gradient = new Float32Array(layout.length);
    gradient.set([30, 40]);
    const applied = applyGradient(given, step(0), gradient);
    assert.ok(Math.abs(applied.gradientNorm - 50) < 1e-6);
    assert.ok(Math.abs((given.state.firstMoments[0] as number) - momentAfter(0.6)) < 1e-5);
    assert.ok(Math.abs((given.state.firstMoments[1] as number) - momentAfter(0.8)) < 1e-5);
  });

  // Would catch a short gradient that is stretched to the largest norm.
  it('leaves a short gradient as it is', () => {
    const given = parts();
    const gradient = new Float32Array(layout.length);
    gradient[0] = 0.5;
    applyGradient(given, step(0), gradient);
    assert.ok(Math.abs((given.state.firstMoments[0] as number) - momentAfter(0.5)) < 1e-6);
  });

  // Would catch an update that is partly done, and a message that names another parameter.
  it('names the parameter of a value that is not finite, and changes nothing', () => {
    for (const entry of layout.entries) {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const [given, untouched] = [parts(), parts()];
        const gradient = new Float32Array(layout.length);
        gradient[entry.offset + entry.size - 1] = value;
        assert.throws(
          () => applyGradient(given, step(3), gradient),
          (error: Error) =>
            error instanceof NonFiniteError &&
            error.message.includes(`step 3`) &&
            error.message.includes(`"${entry.name}" holds ${value}`),
        );
        assert.deepEqual(given.state, untouched.state);
      }
    }
  });

  // Would catch training that goes on for days on weights that no longer move, with a perfect loss.
  it('stops at a gradient that is zero everywhere, and changes nothing', () => {
    const [given, untouched] = [parts(), parts()];
    assert.throws(
      () => applyGradient(given, step(3), new Float32Array(layout.length)),
      (error: Error) => error instanceof ZeroGradientError && error.message.includes('step 3'),
    );
    assert.deepEqual(given.state, untouched.state);
  });
});
