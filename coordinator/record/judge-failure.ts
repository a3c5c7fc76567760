/** What the failure of one worker means for the run. */

export type FailureMeaning =
  /** Every worker would fail of it sooner or later, or the result would be wrong. */
  | { readonly kind: 'ends the run'; readonly reason: string }
  /** The others go on without it. */
  | { readonly kind: 'loses the worker' };

export interface WorkerFailure {
  readonly worker: string;
  readonly code: string;
  /** Recorded steps when it failed. */
  readonly recordedSteps: number;
}

/** Follows from the job, its data or its plan: another worker computes the same. */
const ofTheJob = [
  'NON_FINITE',
  'NO_LIVE_NEGATIVES',
  'ZERO_GRADIENT',
  'COLLAPSED',
  'JOB_SPEC_INVALID',
  'JOB_MISMATCH',
  'EMPTY_PLAN',
  'METRIC_MISSING',
  'TENSOR_MISMATCH',
  'CHECKPOINT_REFUSED',
  'DURATION_PASSED',
];

/** Somebody holds another truth: going on would train something else than the job. */
const ofTheResult = [
  'PLAN_MISMATCH',
  'PLAN_FORGED',
  'USERS_DIFFER',
  'STATE_DIFFERS',
  'MEMBERS_DIFFER',
  'WEIGHTS_DIFFER',
];

/** Of who writes checkpoints: without them every further step is at risk. */
const ofTheWriter = ['DISK_FULL', 'STORAGE'];

/** So many workers failing alike, with no step recorded in between, are no accident. */
const alikeMax = 3;

/**
 * @param before failures of this run so far, oldest first
 * @param isWriter whether it writes the checkpoints
 */
export function judgeFailure(
  failure: WorkerFailure,
  before: readonly WorkerFailure[],
  isWriter: boolean,
): FailureMeaning {
  const { code, recordedSteps } = failure;
  const ends = (reason: string): FailureMeaning => ({ kind: 'ends the run', reason });
  if (ofTheJob.includes(code)) return ends('every worker computes the same');
  if (ofTheResult.includes(code)) return ends('members hold different truths');
  if (isWriter && ofTheWriter.includes(code)) return ends('checkpoints cannot be written');
  const alike = before.filter(
    (one) => one.code === code && one.recordedSteps === recordedSteps,
  ).length;
  // Lost peers are consequences, and many at once are one cause.
  if (alike + 1 >= alikeMax && !consequences.includes(code)) {
    return ends(`${alike + 1} workers failed of it at step ${recordedSteps}`);
  }
  return { kind: 'loses the worker' };
}

const consequences = [
  'PEER_LOST',
  'PEER_TIMEOUT',
  'BUS_LOST',
  'BUS_AWAY',
  'COORDINATOR_LOST',
  'ABORTED',
];
