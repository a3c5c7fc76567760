import type { AdamwUpdate } from './arithmetic.js';

/** The float32 constants of one update, computed here once for both implementations. */
export interface AdamwScalars {
  readonly gradientScale: number;
  /** 1 - learningRate * weightDecay. */
  readonly decay: number;
  /** 1 - beta1. */
  readonly firstWeight: number;
  readonly beta2: number;
  /** 1 - beta2. */
  readonly secondWeight: number;
  /** sqrt(1 - beta2^step). */
  readonly secondCorrection: number;
  readonly eps: number;
  /** -learningRate / (1 - beta1^step). */
  readonly stepSize: number;
}

export function adamwScalars(update: AdamwUpdate): AdamwScalars {
  const { learningRate, beta1, beta2, eps, weightDecay, step, gradientScale } = update;
  return {
    gradientScale: Math.fround(gradientScale),
    decay: Math.fround(1 - learningRate * weightDecay),
    firstWeight: Math.fround(1 - beta1),
    beta2: Math.fround(beta2),
    secondWeight: Math.fround(1 - beta2),
    secondCorrection: Math.fround(Math.sqrt(1 - beta2 ** step)),
    eps: Math.fround(eps),
    stepSize: Math.fround(-learningRate / (1 - beta1 ** step)),
  };
}
