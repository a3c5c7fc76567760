/**
 * The best evaluation of the validation split that a training has seen, and for how long nothing has
 * been better. It is part of the training's state and travels in its checkpoints: a run that was
 * resumed keeps the same checkpoint and ends at the same step as one that never stopped.
 */
import { isLessBetter } from '../../shared/job-spec/rules/classification-metrics.js';
import type { Repeats } from './questions.js';

export interface BestSoFar {
  /** `ndcg@10`; more is better, and of `logloss` less. */
  readonly metric: string;
  /** Whom the metric is a mean over. */
  readonly repeats: Repeats;
  readonly value: number;
  /** Of the weights that were the best; the first ones where several are equal. */
  readonly committedSteps: number;
  /** Evaluations since then. */
  readonly evaluationsSince: number;
}

export type Evaluated = Omit<BestSoFar, 'evaluationsSince'>;

/** Numbers of another metric or of other users cannot be compared: with them, all begins anew. */
export function afterEvaluation(before: BestSoFar | null, evaluated: Evaluated): BestSoFar {
  const isBetter =
    before === null ||
    before.metric !== evaluated.metric ||
    before.repeats !== evaluated.repeats ||
    isBetterValue(evaluated.metric, evaluated.value, before.value);
  return isBetter
    ? { ...evaluated, evaluationsSince: 0 }
    : { ...before, evaluationsSince: before.evaluationsSince + 1 };
}

const isBetterValue = (metric: string, value: number, before: number): boolean =>
  isLessBetter(metric) ? value < before : value > before;

/** Whether training has gone on for long enough without getting better. */
export const isPatienceOver = (best: BestSoFar | null, patience: number | undefined): boolean =>
  best !== null && patience !== undefined && best.evaluationsSince >= patience;
