import { getGradient, registerGradient } from '@tensorflow/tfjs-core';
import { elementwiseGradients } from './elementwise-gradients.js';
import { indexingGradients } from './indexing-gradients.js';
import { matmulGradient } from './matmul-gradient.js';
import { reductionGradients } from './reduction-gradients.js';
import { shapeGradients } from './shape-gradients.js';

export const gradients = [
  ...elementwiseGradients,
  ...reductionGradients,
  ...shapeGradients,
  ...indexingGradients,
  matmulGradient,
];

/** Makes the gradients known to tfjs-core; once per thread, further calls change nothing. */
export function registerGradients(): void {
  for (const gradient of gradients) {
    if (getGradient(gradient.kernelName) === undefined) registerGradient(gradient);
  }
}

/** The same, for after a package that has registered others. */
export function overrideGradients(): void {
  for (const gradient of gradients) registerGradient(gradient);
}
