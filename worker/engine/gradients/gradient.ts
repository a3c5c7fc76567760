/**
 * What a gradient is to tfjs-core: a function of the output's gradient `dy` and of the tensors
 * that the forward call was asked to keep. tfjs-core's own gradients exist only as files that Node
 * cannot load (ECMAScript syntax in a CommonJS package, and absent from its bundle), so the
 * kernels of our models bring theirs.
 */
import {
  broadcast_util,
  cast,
  type GradConfig,
  reshape,
  sum,
  type Tensor,
  zerosLike,
} from '@tensorflow/tfjs-core';

/** The derivative of a kernel with one input `x` and one output, given what it saved. */
export function unary(
  kernelName: string,
  save: 'x' | 'y' | 'none',
  derivative: (dy: Tensor, saved: Tensor) => Tensor,
): GradConfig {
  return {
    kernelName,
    ...(save === 'x' && { inputsToSave: ['x'] }),
    ...(save === 'y' && { outputsToSave: [true] }),
    gradFunc: (dy, [saved]) => ({ x: () => derivative(dy as Tensor, saved!) }),
  };
}

/** The derivatives of a kernel with inputs `a` and `b` that are broadcast against each other. */
export function binary(
  kernelName: string,
  derivatives: {
    readonly a: (dy: Tensor, a: Tensor, b: Tensor) => Tensor;
    readonly b: (dy: Tensor, a: Tensor, b: Tensor) => Tensor;
  },
): GradConfig {
  return {
    kernelName,
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, [a, b]) => ({
      a: () => sumTo(derivatives.a(dy as Tensor, a!, b!), a!.shape),
      b: () => sumTo(derivatives.b(dy as Tensor, a!, b!), b!.shape),
    }),
  };
}

/** Undoes broadcasting: sums `gradient` over the axes along which `shape` was repeated. */
export function sumTo(gradient: Tensor, shape: number[]): Tensor {
  const axes = broadcast_util.getReductionAxes(shape, gradient.shape);
  return reshape(axes.length === 0 ? gradient : sum(gradient, axes), shape);
}

/** A kernel whose output is locally constant. `inputs` are its inputs' names. */
export function constant(kernelName: string, ...inputs: string[]): GradConfig {
  return {
    kernelName,
    inputsToSave: inputs,
    gradFunc: (_dy, saved) =>
      Object.fromEntries(inputs.map((name, index) => [name, () => zeroGradient(saved[index]!)])),
  };
}

/** Gradients are float32, also of integers and booleans. */
export const zeroGradient = (of: Tensor): Tensor => zerosLike(cast(of, 'float32'));
