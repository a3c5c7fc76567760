/**
 * One update of the flat parameters: norm, clip, AdamW. Every member holds the same reduced
 * gradient and does the same arithmetic in the same order, so nothing needs to be agreed on.
 */
import type { Step } from '../../../shared/ids.js';
import type { Arithmetic } from '../../arithmetic/arithmetic.js';
import type { ParameterLayout } from '../../model/parameters/parameter-layout.js';
import { NonFiniteError } from '../step/non-finite-error.js';
import { ZeroGradientError } from '../step/zero-gradient-error.js';
import { type Multiplier, rateRanges } from './multipliers.js';
import { learningRate, type Schedule } from './schedule.js';

export interface OptimizerSettings {
  readonly learningRate: number;
  readonly schedule: Schedule;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  /** Largest global gradient norm; a longer gradient is scaled down to it. */
  readonly clipGradNorm: number;
  /** None where they are left out. */
  readonly multipliers?: readonly Multiplier[];
  /** Committed steps at which moments and schedule began; 0 where it is left out. */
  readonly firstStep?: number;
}

/** Flat vectors; alignment gaps between the parameters stay zero. */
export interface OptimizerState {
  /** [P], of which those that train come first. */
  readonly parameters: Float32Array;
  /** [T], as the gradient. */
  readonly firstMoments: Float32Array;
  readonly secondMoments: Float32Array;
}

export interface Applied {
  /** Before clipping. */
  readonly gradientNorm: number;
  /** Without multipliers. */
  readonly learningRate: number;
}

interface Parts {
  readonly arithmetic: Arithmetic;
  readonly optimizer: OptimizerSettings;
  readonly state: OptimizerState;
  readonly model: {
    readonly layout: ParameterLayout;
    /** Brings parameters back into their range, in place. */
    constrain(parameters: Float32Array): void;
  };
}

/**
 * @param gradient_T of the T floats of the flat parameters that train
 * @throws NonFiniteError, ZeroGradientError before anything is changed.
 */
export function applyGradient(parts: Parts, step: Step, gradient_T: Float32Array): Applied {
  const { arithmetic, optimizer, state } = parts;
  const gradientNorm = Math.sqrt(arithmetic.sumOfSquares(gradient_T));
  if (!Number.isFinite(gradientNorm)) {
    const index = arithmetic.firstNonFinite(gradient_T);
    const name = parts.model.layout.nameAt(index);
    throw NonFiniteError.inGradient(step, name, gradient_T[index] as number);
  }
  if (gradientNorm === 0) throw new ZeroGradientError(step);
  // Only now: where a gradient is not finite, nothing at all may change.
  parts.model.constrain(state.parameters);
  const ownStep = step - (optimizer.firstStep ?? 0);
  const rate = optimizer.learningRate * learningRate(optimizer.schedule, ownStep);
  // The same guard against division by zero as torch.nn.utils.clip_grad_norm_.
  const gradientScale = Math.min(1, optimizer.clipGradNorm / (gradientNorm + 1e-6));
  for (const { start, end, factor } of rateRanges(parts.model.layout, optimizer.multipliers)) {
    arithmetic.adamw({
      parameters: state.parameters.subarray(start, end),
      firstMoments: state.firstMoments.subarray(start, end),
      secondMoments: state.secondMoments.subarray(start, end),
      gradients: gradient_T.subarray(start, end),
      learningRate: rate * factor,
      beta1: optimizer.beta1,
      beta2: optimizer.beta2,
      eps: optimizer.eps,
      weightDecay: optimizer.weightDecay,
      step: ownStep + 1,
      gradientScale,
    });
  }
  return { gradientNorm, learningRate: rate };
}
