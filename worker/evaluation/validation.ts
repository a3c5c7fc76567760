/** Evaluations of the validation split while training goes on, and what follows from them. */

import { step } from '../../shared/ids.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import type { FromTraining, SplitMetrics } from '../training/messages.js';
import { afterEvaluation, type BestSoFar, isPatienceOver } from './best-so-far.js';
import type { Evaluator } from './evaluate.js';
import { MissingMetricError } from './targets/missing-metric-error.js';

export interface ValidationParts {
  readonly spec: Pick<TrainingJob['spec'], 'evaluation' | 'checkpoint'>;
  /** Of the run. */
  readonly totalSteps: number;
  readonly evaluator: Pick<Evaluator, 'evaluate'>;
  /** From the checkpoint that training resumed from. */
  readonly best: BestSoFar | null;
  readonly tell: (message: FromTraining) => void;
}

export class Validation {
  readonly #parts: ValidationParts;
  #best: BestSoFar | null;
  #newest: { readonly committedSteps: number; readonly rows: readonly SplitMetrics[] } | null =
    null;

  constructor(parts: ValidationParts) {
    this.#parts = parts;
    this.#best = parts.best;
  }

  /** Null where the job asks for none, or before the first evaluation. */
  get best(): BestSoFar | null {
    return this.#best;
  }

  /** True where the job's patience is over: training ends, as if this were its last step. */
  get isPatienceOver(): boolean {
    return isPatienceOver(this.#best, this.#parts.spec.evaluation.patience);
  }

  /** The rows of an evaluation that was made of these very weights. */
  rowsOf(committedSteps: number): readonly SplitMetrics[] | null {
    return this.#newest?.committedSteps === committedSteps ? this.#newest.rows : null;
  }

  /**
   * Evaluates where the job wants it after so many steps, the last one included.
   *
   * @returns true where these weights are the best so far, and should stay.
   */
  async after(committedSteps: number): Promise<boolean> {
    const { spec, totalSteps, evaluator, tell } = this.#parts;
    const { everySteps } = spec.evaluation;
    if (everySteps === undefined) return false;
    if (committedSteps % everySteps !== 0 && committedSteps !== totalSteps) return false;
    const rows = await evaluator.evaluate({
      splits: ['validation'],
      step: step(committedSteps),
      name: 'validate',
    });
    this.#newest = { committedSteps, rows };
    const improved = this.#count(rows, committedSteps);
    tell({ kind: 'validated', committedSteps, results: rows, best: this.#best });
    return improved;
  }

  #count(rows: readonly SplitMetrics[], committedSteps: number): boolean {
    const { spec } = this.#parts;
    const metric = spec.checkpoint.best;
    if (metric === undefined) return false;
    const value = rows.find(({ model }) => model === 'hllm')?.values[metric];
    if (value === undefined) throw new MissingMetricError(metric);
    const { repeats } = spec.evaluation;
    this.#best = afterEvaluation(this.#best, { metric, repeats, value, committedSteps });
    return this.#best.committedSteps === committedSteps;
  }
}
