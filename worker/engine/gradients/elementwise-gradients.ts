/** Gradients of kernels that treat each element for itself. */
import {
  add,
  cast,
  cos,
  div,
  exp,
  type GradConfig,
  greater,
  greaterEqual,
  less,
  lessEqual,
  log,
  logicalAnd,
  logicalNot,
  mul,
  neg,
  pow,
  scalar,
  sigmoid,
  sign,
  sin,
  square,
  step,
  sub,
  type Tensor,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { binary, constant, sumTo, unary, zeroGradient } from './gradient.js';

const when = (dy: Tensor, condition: Tensor): Tensor => mul(dy, cast(condition, 'float32'));

const pairs: readonly GradConfig[] = [
  binary('Add', { a: (dy) => dy, b: (dy) => dy }),
  binary('Sub', { a: (dy) => dy, b: (dy) => neg(dy) }),
  binary('Multiply', { a: (dy, _a, b) => mul(dy, b), b: (dy, a) => mul(dy, a) }),
  binary('RealDiv', {
    a: (dy, _a, b) => div(dy, b),
    b: (dy, a, b) => neg(div(mul(dy, a), square(b))),
  }),
  binary('SquaredDifference', {
    a: (dy, a, b) => mul(dy, mul(2, sub(a, b))),
    b: (dy, a, b) => mul(dy, mul(2, sub(b, a))),
  }),
  binary('Maximum', {
    a: (dy, a, b) => when(dy, greaterEqual(a, b)),
    b: (dy, a, b) => when(dy, less(a, b)),
  }),
  binary('Minimum', {
    a: (dy, a, b) => when(dy, lessEqual(a, b)),
    b: (dy, a, b) => when(dy, greater(a, b)),
  }),
  binary('Pow', {
    a: (dy, a, b) => mul(dy, mul(b, pow(cast(a, 'float32'), sub(cast(b, 'float32'), 1)))),
    // The logarithm of a base that is not positive is not real: such a base has no gradient.
    b: (dy, a, b) => mul(dy, mul(pow(a, b), where(greater(a, 0), log(a), zerosLike(a)))),
  }),
];

const singles: readonly GradConfig[] = [
  unary('Neg', 'none', (dy) => neg(dy)),
  unary('Identity', 'none', (dy) => cast(dy, 'float32')),
  unary('Cast', 'none', (dy) => cast(dy, 'float32')),
  unary('Exp', 'y', (dy, y) => mul(dy, y)),
  unary('Expm1', 'x', (dy, x) => mul(dy, exp(x))),
  unary('Log', 'x', (dy, x) => div(dy, x)),
  unary('Log1p', 'x', (dy, x) => div(dy, add(x, 1))),
  unary('Sqrt', 'y', (dy, y) => div(dy, mul(2, y))),
  unary('Rsqrt', 'y', (dy, y) => mul(dy, mul(-0.5, mul(y, square(y))))),
  unary('Reciprocal', 'x', (dy, x) => neg(div(dy, square(x)))),
  unary('Square', 'x', (dy, x) => mul(dy, mul(2, x))),
  unary('Abs', 'x', (dy, x) => mul(dy, sign(cast(x, 'float32')))),
  unary('Relu', 'x', (dy, x) => mul(dy, step(x))),
  unary('Sigmoid', 'y', (dy, y) => mul(dy, mul(y, sub(1, y)))),
  unary('Softplus', 'x', (dy, x) => mul(dy, sigmoid(x))),
  unary('Tanh', 'y', (dy, y) => mul(dy, sub(1, square(y)))),
  unary('Cos', 'x', (dy, x) => neg(mul(dy, sin(x)))),
  unary('Sin', 'x', (dy, x) => mul(dy, cos(x))),
];

const clip: GradConfig = {
  kernelName: 'ClipByValue',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attrs) => {
    const { clipValueMin, clipValueMax } = attrs as { clipValueMin: number; clipValueMax: number };
    const inside = logicalAnd(greaterEqual(x!, clipValueMin), lessEqual(x!, clipValueMax));
    // Chosen, not multiplied, so that an infinite gradient outside the interval is dropped.
    return { x: () => where(inside, dy as Tensor, scalar(0)) };
  },
};

const select: GradConfig = {
  kernelName: 'Select',
  inputsToSave: ['condition', 't', 'e'],
  gradFunc: (dy, [condition, t, e]) => ({
    condition: () => zeroGradient(condition!),
    t: () => sumTo(when(dy as Tensor, condition!), t!.shape),
    e: () => sumTo(when(dy as Tensor, logicalNot(condition!)), e!.shape),
  }),
};

const addN: GradConfig = {
  kernelName: 'AddN',
  saveAllInputs: true,
  gradFunc: (dy, saved) =>
    Object.fromEntries(saved.map((_, index) => [index, () => (dy as Tensor).clone()])),
};

const constants: readonly GradConfig[] = [
  ...['Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Equal', 'NotEqual'].map((name) =>
    constant(name, 'a', 'b'),
  ),
  ...['Sign', 'Step', 'Floor', 'Ceil', 'Round', 'IsNan', 'IsInf', 'IsFinite'].map((name) =>
    constant(name, 'x'),
  ),
  constant('LogicalAnd', 'a', 'b'),
  constant('LogicalOr', 'a', 'b'),
  constant('LogicalNot', 'x'),
  constant('ZerosLike', 'x'),
  constant('OnesLike', 'x'),
];

export const elementwiseGradients: readonly GradConfig[] = [
  ...pairs,
  ...singles,
  ...constants,
  clip,
  select,
  addN,
];
