/**
 * The plan: what each lane of a step trains on, as a pure function of job, dataset and step. It is
 * the only place where chance enters training, and the number of workers is not among its inputs.
 *
 * Legend: V lanes, N distinct items of the step, K negatives, B sequences of the step, M their
 * total length.
 */

import { JobSpecError } from '../errors.js';
import type { Lane, Step } from '../ids.js';
import { defaultEpochCount } from '../job-spec/defaults.js';
import type { TrainingJob } from '../job-spec/job-spec.js';
import { warmupProblems } from '../job-spec/rules/rules.js';
import type { LanePart, LanePlan, LaneTargets, SharedPart } from './lane-plan.js';
import type { PlanDataset, PlanInput } from './plan-input.js';
import type { StepTargets } from './targets.js';
import { countSequences, sequenceCut } from './training-sequences.js';

export type { PlanDataset, PlanInput } from './plan-input.js';

/** A step as a whole; `sharedPart` and `lanePart` cut it into the messages that travel. */
export interface StepPlan {
  readonly step: Step;
  readonly epoch: number;
  /** V. */
  readonly lanes: number;
  /** Catalogue id of every row: lane by lane, in each lane the shortest text first. [N] */
  readonly items: Int32Array;
  /** Item lane v has rows offsets[v]..offsets[v+1]. [V+1] */
  readonly itemLaneOffsets: Int32Array;
  /** Rows, with repeats, in the order of drawing. [K] */
  readonly negatives: Int32Array;
  /** Dataset user of each sequence: lane by lane, in each lane the shortest first. [B] */
  readonly users: Int32Array;
  /** User lane v has sequences offsets[v]..offsets[v+1]. [V+1] */
  readonly userLaneOffsets: Int32Array;
  /** Sequence b is sequenceRows[offsets[b]..offsets[b+1]). [B+1] */
  readonly sequenceOffsets: Int32Array;
  /** Rows. [M] */
  readonly sequenceRows: Int32Array;
  /** Of each sequence; null for an objective that has none. */
  readonly targets: StepTargets | null;
  readonly normalisation: 'global' | 'lane';
}

/** What all lanes have in common. It shares no memory with the plan. */
export function sharedPart({ step, lanes, itemLaneOffsets, negatives }: StepPlan): SharedPart {
  return { step, lanes, itemLaneOffsets: itemLaneOffsets.slice(), negatives: negatives.slice() };
}

/** What is one lane's own. It shares no memory with the plan. */
export function lanePart(plan: StepPlan, lane: Lane): LanePart {
  const [firstItem, endItem] = rangeAt(plan.itemLaneOffsets, lane);
  const [first, end] = rangeAt(plan.userLaneOffsets, lane);
  const firstRow = plan.sequenceOffsets[first] as number;
  const endRow = plan.sequenceOffsets[end] as number;
  return {
    step: plan.step,
    lane,
    lanes: plan.lanes,
    items: plan.items.slice(firstItem, endItem),
    users: plan.users.slice(first, end),
    sequenceOffsets: plan.sequenceOffsets.slice(first, end + 1).map((offset) => offset - firstRow),
    sequenceRows: plan.sequenceRows.slice(firstRow, endRow),
    lossScale: laneScale(plan, lane, lanePredictions),
    targets: laneTargets(plan, lane),
  };
}

function laneTargets(plan: StepPlan, lane: Lane): LaneTargets | null {
  if (plan.targets === null) return null;
  const { offsets, rows, labels } = plan.targets;
  const [first, end] = rangeAt(plan.userLaneOffsets, lane);
  const [firstTarget, endTarget] = [offsets[first] as number, offsets[end] as number];
  return {
    offsets: offsets.slice(first, end + 1).map((offset) => offset - firstTarget),
    rows: rows.slice(firstTarget, endTarget),
    labels: labels.slice(firstTarget, endTarget),
    scale: laneScale(plan, lane, targetsOfLane),
  };
}

/** Both parts together, as a worker has them. */
export const lanePlan = (plan: StepPlan, lane: Lane): LanePlan => ({
  ...sharedPart(plan),
  ...lanePart(plan, lane),
});

/** All lanes of a step, in their order. */
export function laneParts(plan: StepPlan): LanePart[] {
  return Array.from({ length: plan.lanes }, (_, lane) => lanePart(plan, lane as Lane));
}

/** Optimizer updates in which every sequence counts once; the last one has what is left. */
export function stepsPerEpoch(
  job: PlanInput,
  dataset: Pick<PlanDataset, 'sequenceOffsets'>,
): number {
  const sequences = countSequences(dataset.sequenceOffsets, sequenceCut(job));
  return Math.ceil(sequences / job.spec.batch.sequences);
}

/**
 * Committed steps at which the job is done.
 *
 * @throws JobSpecError where the warm-up would outlast them.
 */
export function totalSteps(
  job: TrainingJob,
  dataset: Pick<PlanDataset, 'sequenceOffsets'>,
): number {
  const { duration, optimizer } = job.spec;
  const total = duration.steps ?? epochSteps(duration.epochs, stepsPerEpoch(job, dataset));
  const problems = warmupProblems(optimizer.schedule.warmupSteps, total);
  if (total > 0 && problems.length > 0) throw new JobSpecError(problems);
  return total;
}

/** Whole epochs: as many as asked for, or as many as a small dataset needs to learn from. */
const epochSteps = (epochs: number | undefined, perEpoch: number): number =>
  (epochs ?? defaultEpochCount(perEpoch)) * perEpoch;

/** Predictions of a user lane: all items of its sequences but the first of each. */
export function lanePredictions(plan: StepPlan, lane: Lane): number {
  const [first, end] = rangeAt(plan.userLaneOffsets, lane);
  const rows = (plan.sequenceOffsets[end] as number) - (plan.sequenceOffsets[first] as number);
  return rows - (end - first);
}

function targetsOfLane({ targets, userLaneOffsets }: StepPlan, lane: Lane): number {
  const [first, end] = rangeAt(userLaneOffsets, lane);
  return (targets?.offsets[end] ?? 0) - (targets?.offsets[first] ?? 0);
}

/** The factor that makes the sum over a step's predictions, or targets, the mean that the job asks for. */
function laneScale(
  plan: StepPlan,
  lane: Lane,
  termsOf: (plan: StepPlan, lane: Lane) => number,
): number {
  const own = termsOf(plan, lane);
  if (own === 0) return 0;
  const terms = Array.from({ length: plan.lanes }, (_, other) => termsOf(plan, other as Lane));
  if (plan.normalisation === 'global') return 1 / terms.reduce((sum, each) => sum + each, 0);
  return 1 / (terms.filter((each) => each > 0).length * own);
}

const rangeAt = (offsets: Int32Array, lane: Lane): [start: number, end: number] => [
  offsets[lane] as number,
  offsets[lane + 1] as number,
];
