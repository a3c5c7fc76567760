/**
 * What a training is measured by at its end, and the only time that the test split is looked at:
 * the newest weights, and the best checkpoint where the job keeps one.
 */
import type { Step } from '../../shared/ids.js';
import type { Hllm } from '../model/hllm.js';
import type { SplitMetrics } from '../training/messages.js';
import type { BestSoFar } from './best-so-far.js';
import type { Evaluator } from './evaluate.js';

/** A checkpoint that stays because its validation was the best. */
export interface KeptCheckpoint extends BestSoFar {
  /** Its folder. */
  readonly checkpoint: string;
}

export interface FinalParts {
  readonly evaluator: Evaluator;
  readonly model: Hllm;
  /** The newest weights. */
  readonly parameters: Float32Array;
  /** Committed steps of the newest weights. */
  readonly step: Step;
  /** Rows of the validation split that the newest weights have already; null where they have none. */
  readonly validated: readonly SplitMetrics[] | null;
  readonly best: KeptCheckpoint | null;
  /** The weights of the best checkpoint; null where no member can read it: it has no rows then. */
  readonly readBest: (best: KeptCheckpoint) => Promise<Float32Array | null>;
}

/** The same on every member. The model may hold the best weights afterwards. */
export async function finalEvaluation(parts: FinalParts): Promise<SplitMetrics[]> {
  const { best, model, parameters, step } = parts;
  if (!model.holds(parameters)) model.load(parameters);
  const newest = await evaluateNewest(parts);
  if (best === null) return newest;
  const ofBest = best.committedSteps === step ? newest : await evaluateBest(parts, best);
  const rows = ofBest.filter(({ model }) => model === 'hllm');
  return [...newest, ...rows.map((row) => ({ ...row, model: 'best' as const }))];
}

async function evaluateNewest({ evaluator, step, validated }: FinalParts): Promise<SplitMetrics[]> {
  if (validated === null) {
    return evaluator.evaluate({ splits: ['validation', 'test'], step, name: 'evaluate' });
  }
  return [
    ...validated,
    ...(await evaluator.evaluate({ splits: ['test'], step, name: 'evaluate' })),
  ];
}

async function evaluateBest(parts: FinalParts, best: KeptCheckpoint): Promise<SplitMetrics[]> {
  const { evaluator, model, readBest, step } = parts;
  const weights = await readBest(best);
  if (weights === null) return [];
  model.load(weights);
  return evaluator.evaluate({ splits: ['validation', 'test'], step, name: 'best' });
}
