/** Evaluations of the validation split while training goes on, and what follows from them. */

import { step } from '../../shared/ids.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import type { Fact, SplitMetrics } from '../training/messages.js';
import { afterEvaluation, type BestSoFar, isPatienceOver } from './best-so-far.js';
import type { Evaluator } from './evaluate.js';
import { MissingMetricError } from './targets/missing-metric-error.js';

export interface ValidationParts {
  readonly spec: Pick<TrainingJob['spec'], 'evaluation' | 'checkpoint'>;
  /** Of the run. */
  readonly totalSteps: number;
  /** From the checkpoint, or the member, that training goes on from. */
  readonly best: BestSoFar | null;
  /** Likewise; null without one. */
  readonly newest?: Validated | null;
  readonly tell: (fact: Fact) => void;
}

/** What the weights of these committed steps have been found to be worth. */
export interface Validated {
  readonly committedSteps: number;
  readonly rows: readonly SplitMetrics[];
}

export class Validation {
  readonly #parts: ValidationParts;
  #best: BestSoFar | null;
  #newest: Validated | null;

  constructor(parts: ValidationParts) {
    this.#parts = parts;
    this.#best = parts.best;
    this.#newest = parts.newest ?? null;
  }

  /** Null where the job asks for none, or before the first evaluation. */
  get best(): BestSoFar | null {
    return this.#best;
  }

  /** True where the job's patience is over: training ends, as if this were its last step. */
  get isPatienceOver(): boolean {
    return isPatienceOver(this.#best, this.#parts.spec.evaluation.patience);
  }

  /** The last one; null before the first. */
  get newest(): Validated | null {
    return this.#newest;
  }

  /** The rows of an evaluation that was made of these very weights. */
  rowsOf(committedSteps: number): readonly SplitMetrics[] | null {
    return this.#newest?.committedSteps === committedSteps ? this.#newest.rows : null;
  }

  /** Whether the job wants an evaluation after so many steps: the last one is one of them. */
  isDue(committedSteps: number): boolean {
    const { spec, totalSteps } = this.#parts;
    const { everySteps } = spec.evaluation;
    if (everySteps === undefined) return false;
    return committedSteps % everySteps === 0 || committedSteps === totalSteps;
  }

  /** Evaluates where it is due; changes nothing. */
  async evaluate(
    committedSteps: number,
    evaluator: Pick<Evaluator, 'evaluate'>,
  ): Promise<Validated | null> {
    if (!this.isDue(committedSteps)) return null;
    const rows = await evaluator.evaluate({
      splits: ['validation'],
      step: step(committedSteps),
      name: 'validate',
    });
    return { committedSteps, rows };
  }

  /**
   * Takes what an evaluation has come to.
   *
   * @returns true where these weights are the best so far, and should stay.
   */
  take(validated: Validated): boolean {
    const { committedSteps, rows } = validated;
    this.#newest = validated;
    const improved = this.#count(rows, committedSteps);
    this.#parts.tell({ kind: 'validated', committedSteps, results: rows, best: this.#best });
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
