import { type GradConfig, matMul, type Tensor } from '@tensorflow/tfjs-core';
import { sumTo } from './gradient.js';

/** y = A B with A = a or a', B = b or b': dA = dy B' and dB = A' dy, transposed back as needed. */
export const matmulGradient: GradConfig = {
  kernelName: 'BatchMatMul',
  inputsToSave: ['a', 'b'],
  gradFunc: (gradient, [a, b], attrs) => {
    const dy = gradient as Tensor;
    const { transposeA: tA, transposeB: tB } = attrs as {
      transposeA: boolean;
      transposeB: boolean;
    };
    const da = () => (tA ? matMul(b!, dy, tB, true) : matMul(dy, b!, false, !tB));
    const db = () => (tB ? matMul(dy, a!, true, tA) : matMul(a!, dy, !tA, false));
    return { a: () => sumTo(da(), a!.shape), b: () => sumTo(db(), b!.shape) };
  },
};
