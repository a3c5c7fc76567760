import type { Step } from '../../../shared/ids.js';

/**
 * The gradient of a step is zero in every parameter: whoever went on would spend the rest of the
 * training on weights that no longer move. Nothing was applied.
 */
export class ZeroGradientError extends Error {
  override readonly name = 'ZeroGradientError';
  readonly code = 'ZERO_GRADIENT';

  constructor(step: Step) {
    super(
      `Cannot commit step ${step}: its gradient is exactly zero, so no further step would change ` +
        'the weights: some loss must be left (the model is certain of every prediction, or all ' +
        'embeddings are one: lower optimizer.learningRate, raise model.initializerRange or ' +
        'objective.negatives, or end the training earlier)',
    );
  }
}
