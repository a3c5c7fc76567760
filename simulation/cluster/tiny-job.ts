/**
 * The job and the dataset of a simulated run, and its plans: the real planner's. They are the same for
 * every seed of one shape, and made once.
 */
import { step } from '../../shared/ids.js';
import { resolveJob, type TrainingJob } from '../../shared/job-spec/job-spec.js';
import type { PlannedUsers } from '../../shared/ledger/record-step.js';
import { type EncodedPlan, encodeStepPlan } from '../../shared/messages/step-plan-message.js';
import { JobPlanner } from '../../shared/plan/job-planner.js';
import { laneParts, type StepPlan, sharedPart } from '../../shared/plan/plan.js';
import type { PlanDataset } from '../../shared/plan/plan-input.js';
import { type Reference, referenceRun } from '../engine/reference-run.js';
import type { Setup } from '../schedule/setup.js';

const users = 24;
const itemsOfUser = 3;
const items = 12;
const sequencesOfStep = 5;

/** Five steps an epoch, of which the last one has fewer sequences. */
export const tinyDataset: PlanDataset = {
  digest: 'simulated',
  sequenceOffsets: Uint32Array.from({ length: users + 1 }, (_, user) => user * itemsOfUser),
  sequenceItems: Int32Array.from({ length: users * itemsOfUser }, (_, at) => (at * 7) % items),
  sequenceLabels: null,
  itemTokenOffsets: Uint32Array.from({ length: items + 1 }, (_, item) => item * 2),
  itemTokens: Int32Array.from({ length: items * 2 }, (_, at) => at),
};

export interface TinyRun {
  readonly job: TrainingJob;
  readonly plans: readonly StepPlan[];
  readonly encoded: readonly (EncodedPlan & { readonly users: PlannedUsers })[];
}

const runs = new Map<string, TinyRun>();
const references = new Map<string, Reference>();

/** The steps that all runs of this shape have. */
export function tinyRun(setup: Setup): TinyRun {
  const { lanes, totalSteps, checkpointEvery, workersMin, workers, dealsBySpeed } = setup;
  const key = [lanes, totalSteps, checkpointEvery, workersMin, workers.length, dealsBySpeed].join();
  const known = runs.get(key);
  if (known !== undefined) return known;
  const job = resolveJob({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'simulated' },
    spec: {
      seed: 1,
      data: { path: 'none' },
      model: { item: {}, user: {} },
      objective: { kind: 'generative', negatives: { perUser: 1 } },
      optimizer: { kind: 'adamw', learningRate: 0.001 },
      batch: { sequences: sequencesOfStep },
      duration: { steps: totalSteps },
      lanes,
      workers: { replicas: workers.length },
      checkpoint: { everySteps: checkpointEvery },
    },
  });
  const planner = new JobPlanner(job, tinyDataset);
  const plans = Array.from({ length: totalSteps }, (_, at) => planner.plan(step(at)));
  const encoded = plans.map((plan) => {
    const parts = laneParts(plan);
    const users = { epoch: plan.epoch, lanes: parts.map((part) => part.users) };
    return { ...encodeStepPlan(sharedPart(plan), parts), users };
  });
  const run = { job, plans, encoded };
  runs.set(key, run);
  return run;
}

/** What the run comes to where nothing disturbs it. */
export function tinyReference(setup: Setup): Reference {
  const { lanes, totalSteps, collapses } = setup;
  const key = [lanes, totalSteps, collapses].join();
  const known = references.get(key);
  if (known !== undefined) return known;
  const reference = referenceRun(1, tinyRun(setup).plans, collapses);
  references.set(key, reference);
  return reference;
}
