/**
 * A matrix with a low-rank adapter: W + scale B A (LoRA, arXiv:2106.09685). The sum is made once after
 * every update, so whatever multiplies with it, a fused layer too, is as fast as without an adapter.
 *
 * Legend: O rows out, I rows in, R rank.
 */
import { add, matMul, mul, type Tensor, tidy, transpose } from '@tensorflow/tfjs-core';

export interface AdapterTensors {
  /** [R, I] */
  readonly a: Tensor;
  /** [O, R] */
  readonly b: Tensor;
  readonly scale: number;
}

/** -> [O, I] */
export const adaptedWeight = (weight_OI: Tensor, { a, b, scale }: AdapterTensors): Tensor =>
  tidy(() => add(weight_OI, mul(matMul(b, a), scale)));

/** From the gradient of the sum to those of the adapter. */
export const adapterGradients = (
  gradient_OI: Tensor,
  { a, b, scale }: AdapterTensors,
): { readonly a: Tensor; readonly b: Tensor } =>
  tidy(() => ({
    a: mul(matMul(transpose(b), gradient_OI), scale),
    b: mul(matMul(gradient_OI, transpose(a)), scale),
  }));
