/**
 * Where the stages of a job begin and end. The committed step is the only cursor: stage and step
 * within it are functions of it.
 */
import type { TrainingJob } from '../job-spec/job-spec.js';
import { stageJobs } from '../job-spec/stage-jobs.js';
import { totalSteps } from './plan.js';
import type { PlanDataset } from './plan-input.js';

export interface Stage {
  readonly index: number;
  /** Null where the job has no stages. */
  readonly name: string | null;
  /** What the stage trains, as a job without stages. */
  readonly job: TrainingJob;
  /** Committed steps at which it begins, and at which it is over. */
  readonly start: number;
  readonly end: number;
}

/**
 * In their order; one where the job has no stages.
 *
 * @throws JobSpecError where the warm-up of a stage would outlast it.
 */
export function stagesOf(
  job: TrainingJob,
  dataset: Pick<PlanDataset, 'sequenceOffsets'>,
): readonly Stage[] {
  let start = 0;
  return stageJobs(job).map((own, index) => {
    const end = start + totalSteps(own, dataset);
    const stage = { index, name: job.spec.stages?.[index]?.name ?? null, job: own, start, end };
    start = end;
    return stage;
  });
}

/** Committed steps at which the job is done. */
export const stepsOfStages = (stages: readonly Stage[]): number => stages.at(-1)?.end ?? 0;

/** The stage that comes after so many committed steps: at a border the next, at the end the last. */
export const stageAt = (stages: readonly Stage[], committedSteps: number): Stage =>
  stages.find(({ end }) => committedSteps < end) ?? (stages.at(-1) as Stage);
