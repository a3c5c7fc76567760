/**
 * How often a status is written. What people wait for (another state, another condition, another spec seen)
 * is written at once; numbers that move all the time every five seconds, and less often where many jobs
 * report: of all of them only so many a second (`progressRate`), whoever comes first.
 */
import type { TrainingJobStatus } from '../../crd/status-schema.js';

/** Of one job. */
export const progressInterval = 5_000;
/** A job whose state flaps. */
export const transitionInterval = 1_000;
/** Writes of progress, over all jobs. */
export const progressRate = { perSecond: 8, burst: 16 };

export type Pace =
  | { readonly kind: 'same' }
  | { readonly kind: 'write'; readonly isProgress: boolean }
  | { readonly kind: 'wait'; readonly milliseconds: number };

export interface StatusPace {
  readonly before: TrainingJobStatus | undefined;
  readonly after: TrainingJobStatus;
  /** Since this job's status was last written; null: not by this process. */
  readonly sinceLast: number | null;
}

export function paceOf({ after, before, sinceLast }: StatusPace): Pace {
  if (isSame(sorted(before), sorted(after))) return { kind: 'same' };
  const isProgress = isSame(transition(before), transition(after));
  const interval = isProgress ? progressInterval : transitionInterval;
  const left = sinceLast === null ? 0 : interval - sinceLast;
  return left > 0 ? { kind: 'wait', milliseconds: left } : { kind: 'write', isProgress };
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
