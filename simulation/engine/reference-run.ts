/** The run that nothing disturbs: one member, one step after the other. */

import type { Lane } from '../../shared/ids.js';
import type { StepPlan } from '../../shared/plan/plan.js';
import { lanePlan } from '../../shared/plan/plan.js';
import { addLane, commitStep, digestOf, firstState, rollBack, wordCount } from './tiny-state.js';

export interface Reference {
  /** Right behind the commit of each step, by its number. */
  readonly committed: readonly string[];
  /** When all that follows is done too, by committed steps. */
  readonly settled: readonly string[];
}

export function referenceRun(
  seed: number,
  plans: readonly StepPlan[],
  collapses: readonly number[],
): Reference {
  const state = firstState(seed);
  const committed: string[] = [];
  const settled = [digestOf(state)];
  for (const plan of plans) {
    const sums = new Uint32Array(wordCount);
    for (let lane = 0; lane < plan.lanes; lane++)
      addLane(sums, state, lanePlan(plan, lane as Lane));
    commitStep(state, sums);
    committed.push(digestOf(state));
    if (collapses.includes(state.committedSteps)) rollBack(state, seed);
    state.pending = null;
    settled.push(digestOf(state));
  }
  return { committed, settled };
}
