/**
 * Gradients of the operations that the model is composed of. The package that Node loads of
 * tfjs-core comes without any: they are only in a form that bundlers read.
 *
 * Each is the textbook derivative; `dy` is the gradient of the operation's result.
 */
import {
  broadcast_util,
  concat,
  type GradConfig,
  getGradient,
  matMul,
  mul,
  type NamedAttrMap,
  neg,
  ones,
  registerGradient,
  reshape,
  split,
  sub,
  sum,
  type Tensor,
  transpose,
} from '@tensorflow/tfjs-core';

/** Registers those that are missing. */
export function registerGradients(): void {
  for (const config of configs) {
    if (getGradient(config.kernelName) === undefined) registerGradient(config);
  }
}

/** Adds up what broadcasting repeated. */
function sumTo(dy: Tensor, shape: number[]): Tensor {
  const axes = broadcast_util.getReductionAxes(shape, dy.shape);
  return reshape(axes.length > 0 ? sum(dy, axes) : dy, shape);
}

const attribute = <T>(attributes: NamedAttrMap, name: string): T => attributes[name] as T;

const configs: readonly GradConfig[] = [
  {
    kernelName: 'Identity',
    gradFunc: (dy) => ({ x: () => (dy as Tensor).clone() }),
  },
  {
    kernelName: 'Add',
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, [a, b]) => ({
      a: () => sumTo(dy as Tensor, (a as Tensor).shape),
      b: () => sumTo(dy as Tensor, (b as Tensor).shape),
    }),
  },
  {
    kernelName: 'Sub',
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, [a, b]) => ({
      a: () => sumTo(dy as Tensor, (a as Tensor).shape),
      b: () => sumTo(neg(dy as Tensor), (b as Tensor).shape),
    }),
  },
  {
    kernelName: 'Multiply',
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, [a, b]) => ({
      a: () => sumTo(mul(dy as Tensor, b as Tensor), (a as Tensor).shape),
      b: () => sumTo(mul(dy as Tensor, a as Tensor), (b as Tensor).shape),
    }),
  },
  {
    kernelName: 'BatchMatMul',
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, [a, b], attributes) => matMulGradient(dy as Tensor, a, b, attributes),
  },
  {
    kernelName: 'Mean',
    inputsToSave: ['x'],
    gradFunc: (dy, [x], attributes) => ({
      x: () => spreadMean(dy as Tensor, x as Tensor, attribute(attributes, 'axis')),
    }),
  },
  {
    kernelName: 'Rsqrt',
    outputsToSave: [true],
    // d x^(-1/2) = -x^(-3/2) / 2
    gradFunc: (dy, [y]) => ({
      x: () => mul(mul(dy as Tensor, -0.5), mul(y as Tensor, mul(y as Tensor, y as Tensor))),
    }),
  },
  {
    kernelName: 'Sigmoid',
    outputsToSave: [true],
    gradFunc: (dy, [y]) => ({
      x: () => mul(dy as Tensor, mul(y as Tensor, sub(1, y as Tensor))),
    }),
  },
  {
    kernelName: 'Softmax',
    outputsToSave: [true],
    gradFunc: (dy, [y]) => ({
      logits: () => {
        const weighted = mul(dy as Tensor, y as Tensor);
        return sub(weighted, mul(sum(weighted, -1, true), y as Tensor));
      },
    }),
  },
  {
    kernelName: 'Reshape',
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({ x: () => reshape(dy as Tensor, (x as Tensor).shape) }),
  },
  {
    kernelName: 'Transpose',
    gradFunc: (dy, _saved, attributes) => ({
      x: () => transpose(dy as Tensor, inverse(attribute(attributes, 'perm'))),
    }),
  },
  {
    kernelName: 'SplitV',
    gradFunc: (dy, _saved, attributes) => ({
      x: () => concat(dy as unknown as Tensor[], attribute(attributes, 'axis')),
    }),
  },
  {
    kernelName: 'Concat',
    saveAllInputs: true,
    gradFunc: (dy, inputs, attributes) =>
      concatGradient(dy as Tensor, inputs, attribute(attributes, 'axis')),
  },
];

function matMulGradient(
  dy: Tensor,
  a: Tensor | undefined,
  b: Tensor | undefined,
  attributes: NamedAttrMap,
): { a: () => Tensor; b: () => Tensor } {
  const transposeA = attribute<boolean>(attributes, 'transposeA');
  const transposeB = attribute<boolean>(attributes, 'transposeB');
  const left = a as Tensor;
  const right = b as Tensor;
  return {
    a: () =>
      transposeA ? matMul(right, dy, transposeB, true) : matMul(dy, right, false, !transposeB),
    b: () =>
      transposeB ? matMul(dy, left, true, transposeA) : matMul(left, dy, !transposeA, false),
  };
}

function spreadMean(dy: Tensor, x: Tensor, axis: number | number[]): Tensor {
  const axes = [axis].flat().map((each) => (each < 0 ? each + x.rank : each));
  const kept = x.shape.map((extent, index) => (axes.includes(index) ? 1 : extent));
  const share = kept.reduce((product, extent) => product * extent, 1) / x.size;
  const spread = reshape(mul(dy, share), kept);
  return mul(ones(x.shape), spread);
}

function inverse(permutation: number[]): number[] {
  const result = new Array<number>(permutation.length);
  permutation.forEach((from, to) => {
    result[from] = to;
  });
  return result;
}

function concatGradient(dy: Tensor, inputs: Tensor[], axis: number): Record<string, () => Tensor> {
  const along = axis < 0 ? axis + dy.rank : axis;
  const sizes = inputs.map((input) => input.shape[along] as number);
  const parts = split(dy, sizes, along);
  return Object.fromEntries(parts.map((part, index) => [index, () => part]));
}
