/**
 * How often a status is written. What people wait for (another state, another condition, another spec seen)
 * is written at once; numbers that move all the time every five seconds, and less often where many jobs
 * report, so that progress never costs the API server more than a few requests a second.
 */
import type { TrainingJobStatus } from '../../crd/status-schema.js';

/** Of one job. */
export const progressInterval = 5_000;
/** A job whose state flaps. */
export const transitionInterval = 1_000;
/** Writes of progress a second, over all jobs. */
export const progressWritesPerSecond = 8;

export type Pace =
  | { readonly kind: 'write' }
  | { readonly kind: 'wait'; readonly milliseconds: number };

export interface StatusPace {
  readonly before: TrainingJobStatus | undefined;
  readonly after: TrainingJobStatus;
  /** Since this job's status was last written; null: not by this process. */
  readonly sinceLast: number | null;
  readonly activeJobs: number;
}

/** Null where nothing differs. */
export function paceOf({ activeJobs, after, before, sinceLast }: StatusPace): Pace | null {
  if (JSON.stringify(sorted(before)) === JSON.stringify(sorted(after))) return null;
  const isTransition = !isSame(transition(before), transition(after));
  const interval = isTransition
    ? transitionInterval
    : Math.max(progressInterval, (1000 * activeJobs) / progressWritesPerSecond);
  const left = sinceLast === null ? 0 : interval - sinceLast;
  return left > 0 ? { kind: 'wait', milliseconds: left } : { kind: 'write' };
}

const transition = (status: TrainingJobStatus | undefined) => ({
  state: status?.state,
  observedGeneration: status?.observedGeneration,
  conditions: status?.conditions?.map(({ type, status: value, reason }) => [type, value, reason]),
});

const isSame = (one: unknown, other: unknown): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/** Objects come back from the server with their fields in another order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, field]) => [name, sorted(field)]),
  );
}
