import type { Lane, Step } from '../../../shared/ids.js';

/** Training diverged. Nothing was applied: the weights are those of the step before. */
export class NonFiniteError extends Error {
  override readonly name = 'NonFiniteError';
  readonly code = 'NON_FINITE';

  private constructor(step: Step, where: string) {
    super(
      `Cannot commit step ${step}: ${where}: every loss and gradient must be finite ` +
        '(lower optimizer.learningRate or optimizer.clipGradNorm, or lengthen the warm-up)',
    );
  }

  static inLoss(step: Step, lane: Lane, loss: number): NonFiniteError {
    return new NonFiniteError(step, `the loss of lane ${lane} is ${loss}`);
  }

  static inGradient(step: Step, parameter: string, value: number): NonFiniteError {
    return new NonFiniteError(step, `the gradient of "${parameter}" holds ${value}`);
  }
}
