import type { Step } from '../../../../shared/ids.js';
import type { FalseNegatives } from '../../model-config.js';

/**
 * Every negative of a step was left out as false. The step looks perfect and teaches nothing:
 * whoever went on would end with a loss of zero. Nothing was applied.
 */
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
