/** Which steps' plans should be in the stream. */
import { planLead } from '../../shared/limits.js';
import type { Millis } from '../../shared/units.js';
import { planLeadLeast, planLeadTime } from './limits.js';

export interface PlanWindow {
  /** First step to publish now. */
  readonly from: number;
  /** One past the last step to publish now; equal to `from` where nothing is to do. */
  readonly to: number;
  /** First step to purge now. */
  readonly purgeFrom: number;
  /** One past the last step to purge now. */
  readonly purgeTo: number;
}

export interface PlanCursors {
  readonly committedSteps: number;
  /** Steps before this one are in the stream, or were. */
  readonly publishedSteps: number;
  /** Steps before this one have been purged, or never were there. */
  readonly purgedSteps: number;
  /** A checkpoint covers the steps before this one. */
  readonly checkpointedSteps: number;
  readonly totalSteps: number;
}

/**
 * Steps that are published ahead: as many as ride out the loss of a leader, and no more than a pause may
 * wait for; two at least, which hide the latency of publishing.
 *
 * @param usualStep null where it is not known yet
 */
export function stepsAhead(usualStep: Millis | null): number {
  if (usualStep === null || usualStep <= 0) return planLead;
  return Math.min(planLead, Math.max(planLeadLeast, Math.ceil(planLeadTime / usualStep)));
}

/**
 * Publishes up to `lead` steps past the committed one. Purges what a checkpoint covers, and what
 * lies more than `kept` steps back in any case: it could be planned again.
 */
export function planWindow(cursors: PlanCursors, lead: number, kept: number): PlanWindow {
  const { committedSteps, publishedSteps, purgedSteps, checkpointedSteps, totalSteps } = cursors;
  const to = Math.min(totalSteps, committedSteps + lead);
  const covered = Math.max(checkpointedSteps, committedSteps - kept);
  return {
    from: publishedSteps,
    to: Math.max(publishedSteps, to),
    purgeFrom: purgedSteps,
    // Never what a member may still have to read.
    purgeTo: Math.max(purgedSteps, Math.min(covered, committedSteps, publishedSteps)),
  };
}
