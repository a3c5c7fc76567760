import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { tensor2d } from '@tensorflow/tfjs-core';
import { openEngine } from '../../engine/open-engine.js';
import { adaptedWeight, adapterGradients } from './adapted-weight.js';

describe('a matrix with an adapter', () => {
  before(() => openEngine('cpu', { threads: 1 }));
  const adapter = () => ({
    a: tensor2d([[1, 2, 3]]),
    b: tensor2d([[10], [-1]]),
    scale: 0.5,
  });

  // Would catch A and B that change places, and a scale that is left out.
  it('is W + scale B A', () => {
    const sum = adaptedWeight(
      tensor2d([
        [100, 0, 0],
        [0, 0, 7],
      ]),
      adapter(),
    );
    assert.deepEqual(sum.arraySync(), [
      [105, 10, 15],
      [-0.5, -1, 5.5],
    ]);
  });

  // By hand, for a loss that is the sum of the matrix times its gradient.
  it('has gradients of A and B', () => {
    const { a, b } = adapterGradients(
      tensor2d([
        [1, 0, 0],
        [0, 0, 2],
      ]),
      adapter(),
    );
    assert.deepEqual(a.arraySync(), [[5, 0, -1]]);
    assert.deepEqual(b.arraySync(), [[0.5], [3]]);
  });
});
