/** Events that tell of what has changed between two statuses. */
import type { TrainingJobStatus } from '../../crd/status-schema.js';
import type { JobEvent } from '../reconcile/decision.js';

export function transitionEvents(
  before: TrainingJobStatus | undefined,
  after: TrainingJobStatus,
): JobEvent[] {
  if (before?.state === after.state || after.state === undefined) return [];
  // Every job begins so; its Jobs have events of their own.
  if (before?.state === undefined && after.state === 'Pending') return [];
  const condition = after.conditions?.find(({ type }) => type === after.state);
  const note = condition?.message || after.message || `it is ${after.state.toLowerCase()} now`;
  const isAsked = after.conditions?.some(({ reason }) => reason === 'Suspending') ?? false;
  const isTrouble =
    after.state === 'Failed' ||
    after.state === 'Degraded' ||
    (after.state === 'Paused' && !isAsked);
  return [
    {
      type: isTrouble ? 'Warning' : 'Normal',
      reason: after.state === 'Failed' ? (condition?.reason ?? 'Failed') : after.state,
      note,
    },
  ];
}
