/** The step that an engine is warmed up on: as much of a job's step as one lane of it has. */
import type { PlanInput } from '../../../shared/plan/plan-input.js';

/** A job of one lane, whose steps are of the size of one lane of the given one. */
export function laneJob({ spec }: PlanInput): PlanInput {
  const { lanes, batch, objective } = spec;
  const share = (count: number): number => Math.ceil(count / lanes);
  const { total } = objective.negatives;
  const negatives =
    total === undefined ? objective.negatives : { ...objective.negatives, total: share(total) };
  return {
    spec: {
      ...spec,
      lanes: 1,
      batch: { ...batch, sequences: share(batch.sequences) },
      objective: { ...objective, negatives },
    },
  };
}
