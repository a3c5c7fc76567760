/** Gradients of sums, means, extremes and softmax. */
import {
  cast,
  cumsum,
  div,
  equal,
  exp,
  type GradConfig,
  mul,
  type NamedAttrMap,
  ones,
  reshape,
  sub,
  sum,
  type Tensor,
  util,
} from '@tensorflow/tfjs-core';
import { constant } from './gradient.js';

type Axes = number | number[] | null;

function reducedAxes(attrs: NamedAttrMap, x: Tensor): number[] {
  const axes = (attrs.reductionIndices ?? attrs.axis ?? null) as Axes;
  return util.parseAxisParam(axes as number | number[], x.shape);
}

/** `reduced` with a 1 wherever an axis of `x` was reduced, so that it broadcasts against `x`. */
function expand(reduced: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  return reshape(
    reduced,
    x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)),
  );
}

function spread(dy: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  return mul(expand(dy, x, axes), ones(x.shape, 'float32'));
}

const sumGradient: GradConfig = {
  kernelName: 'Sum',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attrs) => ({ x: () => spread(dy as Tensor, x!, reducedAxes(attrs, x!)) }),
};

const meanGradient: GradConfig = {
  kernelName: 'Mean',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attrs) => ({
    x: () => {
      const axes = reducedAxes(attrs, x!);
      const count = axes.reduce((product, axis) => product * x!.shape[axis]!, 1);
      return div(spread(dy as Tensor, x!, axes), count);
    },
  }),
};

/** Every element that equals the extreme gets the whole gradient, as in tfjs-core. */
const extremeGradient = (kernelName: string): GradConfig => ({
  kernelName,
  inputsToSave: ['x'],
  outputsToSave: [true],
  gradFunc: (dy, [x, y], attrs) => ({
    x: () => {
      const axes = reducedAxes(attrs, x!);
      const winners = equal(x!, expand(y!, x!, axes));
      return mul(expand(dy as Tensor, x!, axes), cast(winners, 'float32'));
    },
  }),
});

const softmaxGradient: GradConfig = {
  kernelName: 'Softmax',
  outputsToSave: [true],
  gradFunc: (dy, [y], attrs) => ({
    logits: () => {
      const weighted = mul(dy as Tensor, y!);
      return sub(weighted, mul(sum(weighted, attrs.dim as number, true), y!));
    },
  }),
};

const logSoftmaxGradient: GradConfig = {
  kernelName: 'LogSoftmax',
  outputsToSave: [true],
  gradFunc: (dy, [y], attrs) => ({
    logits: () => sub(dy as Tensor, mul(sum(dy as Tensor, attrs.axis as number, true), exp(y!))),
  }),
};

const cumsumGradient: GradConfig = {
  kernelName: 'Cumsum',
  gradFunc: (dy, _saved, attrs) => ({
    x: () => cumsum(dy as Tensor, attrs.axis as number, attrs.exclusive as boolean, !attrs.reverse),
  }),
};

export const reductionGradients: readonly GradConfig[] = [
  sumGradient,
  meanGradient,
  extremeGradient('Max'),
  extremeGradient('Min'),
  softmaxGradient,
  logSoftmaxGradient,
  cumsumGradient,
  constant('ArgMax', 'x'),
  constant('ArgMin', 'x'),
];
