/**
 * Steps that look perfect and teach nothing. Whoever went on would spend the rest of the training on
 * weights that no longer move, and end with a loss of zero.
 */
import type { Step } from '../../../shared/ids.js';
import type { FalseNegatives } from '../../model/model-config.js';

/** Every negative of a step was left out as false. Nothing was applied. */
export class NoLiveNegativesError extends Error {
  override readonly name = 'NoLiveNegativesError';
  readonly code = 'NO_LIVE_NEGATIVES';

  constructor(step: Step, { kind }: FalseNegatives) {
    super(
      `Cannot commit step ${step}: every negative of every prediction was left out as false, so the ` +
        `loss is zero whatever the model says: some must remain (${remedies[kind]})`,
    );
  }
}

const remedies: Readonly<Record<FalseNegatives['kind'], string>> = {
  cosine:
    'embeddings that move together leave out their own negatives: set objective.falseNegatives to ' +
    'text, or raise objective.falseNegativeThreshold',
  rows:
    'all texts of the step read the same: raise objective.negatives or model.maxTextLength, or give ' +
    'the items texts that differ',
  none: 'raise objective.negatives',
};

/** The gradient of a step is zero in every parameter. Nothing was applied. */
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
