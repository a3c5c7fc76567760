/** Plans every step of a job: those of a stage as if the stage were a job, under their own numbers. */
import { type Step, step } from '../ids.js';
import type { TrainingJob } from '../job-spec/job-spec.js';
import type { StepPlan } from './plan.js';
import type { PlanDataset } from './plan-input.js';
import { Planner } from './planner.js';
import { type Stage, stageAt, stagesOf, stepsOfStages } from './stages.js';

export class JobPlanner {
  readonly #dataset: PlanDataset;
  readonly #stages: readonly Stage[];
  /** Of the stage that was asked for last. */
  #planner: { readonly stage: number; readonly planner: Planner };

  /** @throws EmptyPlanError where no user has two training items. */
  constructor(job: TrainingJob, dataset: PlanDataset) {
    this.#dataset = dataset;
    this.#stages = stagesOf(job, dataset);
    this.#planner = this.#open(this.#stages[0] as Stage);
  }

  get totalSteps(): number {
    return stepsOfStages(this.#stages);
  }

  plan(at: Step): StepPlan {
    const stage = stageAt(this.#stages, at);
    if (stage.index !== this.#planner.stage) this.#planner = this.#open(stage);
    return { ...this.#planner.planner.plan(step(at - stage.start)), step: at };
  }

  #open({ index, job }: Stage) {
    return { stage: index, planner: new Planner(job, this.#dataset) };
  }
}
