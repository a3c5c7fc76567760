/** How the learning rate moves over a job. */
export interface Schedule {
  readonly kind: 'constant' | 'linear' | 'cosine';
  /** Steps in which the rate climbs from zero; step 0 has rate zero where there are any. */
  readonly warmupSteps: number;
  /** The rate reaches its end at this step. */
  readonly totalSteps: number;
  /** The end of `linear` and `cosine`, as a share of the peak. */
  readonly finalFraction: number;
}

/**
 * The share of the peak learning rate that the update of `step` uses, in [0, 1].
 *
 * The conventions are those of Hugging Face's `get_*_schedule_with_warmup`: warm-up is
 * `step / warmupSteps`, then the decay spans the remaining steps.
 */
export function learningRate(schedule: Schedule, step: number): number {
  const { kind, warmupSteps, totalSteps, finalFraction } = schedule;
  if (step < warmupSteps) return step / warmupSteps;
  if (kind === 'constant') return 1;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  const left = kind === 'linear' ? 1 - progress : 0.5 * (1 + Math.cos(Math.PI * progress));
  return finalFraction + (1 - finalFraction) * left;
}
