import {
  customGrad,
  type GradSaveFunc,
  matMul,
  type Tensor,
  transpose,
} from '@tensorflow/tfjs-core';

/**
 * x W' for a weight [out, in], as Hugging Face stores it.
 *
 * Transposed operands are copied before they are multiplied: the product of plain matrices is the
 * fast path of the engine `wasm` (by an order of magnitude), and a copy costs next to nothing.
 */
export const linear: (x: Tensor, weight: Tensor) => Tensor = customGrad(
  (...inputs: (Tensor | GradSaveFunc)[]) => {
    const [x, weight, save] = inputs as [Tensor, Tensor, GradSaveFunc];
    const value = matMul(x, transpose(weight));
    // Last: what is saved for a product that fails would stay.
    save([x, weight]);
    return {
      value,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [savedX, savedWeight] = saved as [Tensor, Tensor];
        return [matMul(dy, savedWeight), matMul(transpose(dy), savedX)];
      },
    };
  },
);
