/** What the coordinator's main thread and its planner thread say to each other. */
import type { Step } from '../../shared/ids.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import type { PlannedStep } from './plan-source.js';

/** Given to the thread as `workerData`. */
export interface PlannerStart {
  readonly job: TrainingJob;
  readonly datasetDirectory: string;
}

/** A question: the plan of this step, please. Answers come in the order of the questions. */
export interface ToPlanner {
  readonly step: Step;
}

export type FromPlanner =
  /** The dataset is open; plans can be asked for. */
  | { readonly kind: 'opened'; readonly datasetDigest: string; readonly totalSteps: number }
  | { readonly kind: 'planned'; readonly plan: PlannedStep }
  /** The thread ends. `code` is that of the error class. */
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly stack: string;
    };
