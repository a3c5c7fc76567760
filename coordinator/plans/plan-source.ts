/** Where the plans come from. Asking never blocks: whoever computes them does it elsewhere. */
import type { Step } from '../../shared/ids.js';
import type { PlannedUsers } from '../../shared/ledger/record-step.js';
import type { EncodedPlan } from '../../shared/messages/step-plan-message.js';

/** A step as the workers get it, and what of it a ledger records. */
export interface PlannedStep extends EncodedPlan {
  readonly users: PlannedUsers;
}

export interface PlanSource {
  /** The pure plan of a step, ready to travel: the same bytes whenever it is asked for. */
  plan(step: Step): Promise<PlannedStep>;
  close(): Promise<void>;
}

/** What the job needs planned. */
export interface JobPlan {
  readonly datasetDigest: string;
  readonly totalSteps: number;
  readonly plans: PlanSource;
}
