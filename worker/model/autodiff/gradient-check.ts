/** For tests: random tensors, and derivatives measured by differences. */
import { add, dispose, mul, sum, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import type { NamedTensors, Pullback } from './vjp.js';

/** Uniform in [-1, 1), the same for the same seed (a linear congruential generator). */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

export function uniformTensor(next: () => number, shape: number[]): Tensor {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return tensor(Float32Array.from({ length: size }, next), shape);
}

/**
 * The largest disagreement, over the inputs, between the pullback of `run` and a central difference
 * along a random direction, relative to the larger of both (at least `floor`).
 */
export function worstGradientError<Name extends string>(
  run: (inputs: NamedTensors<Name>) => [Tensor, Pullback<Name>],
  inputs: NamedTensors<Name>,
  next: () => number,
  options: { readonly step: number; readonly floor: number },
): number {
  const [y, pullback] = run(inputs);
  const dy = uniformTensor(next, y.shape);
  const gradients = pullback(dy);
  const valueAt = (moved: NamedTensors<Name>): number => {
    const [result, unused] = run(moved);
    unused.dispose();
    const value = tidy(() => sum(mul(result, dy)).dataSync()[0] as number);
    dispose(result);
    return value;
  };
  const errors = (Object.keys(inputs) as Name[]).map((name) => {
    const direction = uniformTensor(next, inputs[name].shape);
    const along = (step: number): number => {
      const moved = tidy(() => add(inputs[name], mul(direction, step)));
      const value = valueAt({ ...inputs, [name]: moved });
      moved.dispose();
      return value;
    };
    const measured = (along(options.step) - along(-options.step)) / (2 * options.step);
    const claimed = tidy(() => sum(mul(gradients[name], direction)).dataSync()[0] as number);
    direction.dispose();
    const size = Math.max(options.floor, Math.abs(measured), Math.abs(claimed));
    return Math.abs(measured - claimed) / size;
  });
  dispose([y, dy, ...Object.values<Tensor>(gradients)]);
  return Math.max(...errors);
}
