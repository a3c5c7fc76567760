/**
 * Conditions in batch/v1's words. One that was never true is not listed; one that is no longer true stays
 * with the reason why. The time of a transition only moves when the status does.
 */
import {
  type ConditionType,
  conditionTypes,
  type JobCondition,
  longestStatusMessage,
  type TrainingJobStatus,
} from '../../crd/status-schema.js';
import type { WallTime } from '../reconcile/seen.js';
import { timeText } from './times.js';

export interface Claim {
  readonly holds: boolean;
  /** PascalCase. */
  readonly reason: string;
  readonly message: string;
}

export type Claims = Readonly<Partial<Record<ConditionType, Claim>>>;

export const cut = (message: string): string =>
  message.length <= longestStatusMessage
    ? message
    : `${message.slice(0, longestStatusMessage - 3)}...`;

export function nextConditions(
  before: readonly JobCondition[],
  claims: Claims,
  generation: number,
  now: WallTime,
): JobCondition[] {
  return conditionTypes.flatMap((type) => {
    const old = before.find((condition) => condition.type === type);
    const claim = claims[type];
    if (claim === undefined) return old === undefined ? [] : [old];
    if (!claim.holds && old === undefined) return [];
    const status = claim.holds ? 'True' : 'False';
    return [
      {
        type,
        status,
        observedGeneration: generation,
        lastTransitionTime: old?.status === status ? old.lastTransitionTime : timeText(now),
        reason: claim.reason,
        message: cut(claim.message),
      },
    ];
  });
}

export const conditionOf = (
  status: TrainingJobStatus | undefined,
  type: ConditionType,
): JobCondition | undefined => status?.conditions?.find((condition) => condition.type === type);

export const holds = (status: TrainingJobStatus | undefined, type: ConditionType): boolean =>
  conditionOf(status, type)?.status === 'True';

/** Whether the job has an end; nothing of it is ever started again. */
export const isFinished = (status: TrainingJobStatus | undefined): boolean =>
  holds(status, 'Complete') || holds(status, 'Failed');
