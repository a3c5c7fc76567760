import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import {
  add,
  concat,
  matMul,
  mean,
  mul,
  reshape,
  rsqrt,
  sigmoid,
  softmax,
  split,
  sub,
  type Tensor,
  transpose,
} from '@tensorflow/tfjs-core';
import { openEngine } from '../../engine/open-engine.js';
import { uniform, uniformTensor, worstGradientError } from './gradient-check.js';
import { type NamedTensors, vjp } from './vjp.js';

type Inputs = NamedTensors<'a' | 'b'>;

const squared = (x: Tensor): Tensor => mul(x, x);

/** a [2, 3, 4], b [4] unless said otherwise; each must depend on both. */
const operations: [string, (inputs: Inputs) => Tensor, number[]?][] = [
  ['addition with broadcasting', ({ a, b }) => squared(add(a, b))],
  ['subtraction with broadcasting', ({ a, b }) => squared(sub(b, a))],
  ['multiplication with broadcasting', ({ a, b }) => mul(a, b)],
  ['broadcasting over an axis of one', ({ a, b }) => mul(a, b), [2, 1, 4]],
  ['a mean over the last axis', ({ a, b }) => mul(mean(squared(a), -1, true), b)],
  ['a mean over an inner axis', ({ a, b }) => mul(mean(a, 1), b)],
  ['an inverse square root', ({ a, b }) => mul(rsqrt(add(squared(a), 1)), b)],
  ['a sigmoid', ({ a, b }) => mul(sigmoid(a), b)],
  ['a softmax', ({ a, b }) => mul(softmax(a), b)],
  ['a transposition', ({ a, b }) => mul(transpose(a, [2, 0, 1]), reshape(b, [4, 1, 1]))],
  ['a matrix product', ({ a, b }) => matMul(a, b), [2, 4, 2]],
  ['a product by a transposed matrix', ({ a, b }) => matMul(a, b, false, true), [2, 5, 4]],
  ['a product of a transposed matrix', ({ a, b }) => matMul(a, b, true, false), [2, 3, 5]],
  ['a product of two transposed matrices', ({ a, b }) => matMul(a, b, true, true), [2, 5, 3]],
  ['split and concatenation', ({ a, b }) => mul(reordered(a), b)],
  ['a copy', ({ a, b }) => mul(a.clone(), b)],
];

function reordered(a: Tensor): Tensor {
  const [first, second, third] = split(a, [1, 1, 2], -1) as [Tensor, Tensor, Tensor];
  return concat([mul(third, 3), first, mul(second, 2)], -1);
}

// Would catch a gradient that is missing or wrong for an operation of the model's composition.
describe('vjp of the operations that the model is composed of', () => {
  before(() => openEngine('cpu', { threads: 1 }));

  operations.forEach(([name, operation, shape], index) => {
    it(`agrees with differences for ${name}`, () => {
      const next = uniform(100 + index);
      const inputs = { a: uniformTensor(next, [2, 3, 4]), b: uniformTensor(next, shape ?? [4]) };
      const options = { step: 1e-2, floor: 0.2 };
      const error = worstGradientError(vjp<'a' | 'b', Tensor>(operation), inputs, next, options);
      assert.ok(error < 2e-3, `relative error ${error}`);
    });
  });
});
