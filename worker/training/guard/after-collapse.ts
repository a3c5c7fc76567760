/** What becomes of a training that has collapsed, by its job. Pure. */
import type { TrainingJob } from '../../../shared/job-spec/job-spec.js';
import { type Collapse, firstGuardState, type GuardState, type Point } from './guard-state.js';

export type Reaction =
  | { readonly kind: 'warn' }
  /** At the last healthy checkpoint; null where there is none. */
  | { readonly kind: 'stop'; readonly at: Point | null }
  | RollBack;

/** The weights become those of `to`, or the first ones; the cursor and the plan stay where they are. */
export interface RollBack {
  readonly kind: 'roll-back';
  readonly to: Point | null;
  /** What the guard goes on with. */
  readonly state: GuardState;
}

/** @param state after the step with which it is certain */
export function afterCollapse(
  { spec }: TrainingJob,
  state: GuardState,
  signal: Collapse['signal'],
  { committedSteps, stageStart }: { committedSteps: number; stageStart: number },
): Reaction {
  const { action, change } = spec.guard;
  if (action === 'warn' || action === 'off') return { kind: 'warn' };
  const past = state.collapses.length;
  const isLast = past > 0 && change?.learningRateFactor === undefined;
  const to = state.healthy;
  // Weights of another stage have other moments, and another layout.
  const isOfStage = (to?.committedSteps ?? 0) >= stageStart;
  if (change === undefined || past >= change.times || isLast || !isOfStage) {
    return { kind: 'stop', at: to };
  }
  const collapse = { committedSteps, rolledBackTo: to?.committedSteps ?? 0, signal };
  return {
    kind: 'roll-back',
    to,
    // What was measured of the weights that are given up says nothing of those that follow.
    state: { ...firstGuardState, healthy: to, collapses: [...state.collapses, collapse] },
  };
}

/**
 * The job of a stage with what was changed after so many collapses in it: what the training goes on with.
 * Its plan is that of the job as it was given, which asks for none of this.
 */
export function changedJob(job: TrainingJob, collapses: number): TrainingJob {
  const { change } = job.spec.guard;
  if (change === undefined || collapses === 0) return job;
  const { falseNegatives, learningRateFactor = 1 } = change;
  const { falseNegativeThreshold, ...objective } = job.spec.objective;
  let { learningRate } = job.spec.optimizer;
  // Multiplied one by one: a power may be rounded differently elsewhere.
  for (let times = 0; times < collapses; times++) learningRate *= learningRateFactor;
  return {
    ...job,
    spec: {
      ...job.spec,
      objective:
        falseNegatives === undefined ? job.spec.objective : { ...objective, falseNegatives },
      optimizer: { ...job.spec.optimizer, learningRate },
    },
  };
}
