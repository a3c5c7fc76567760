/**
 * When a coordinator that is asked to end does. A leader whose members are all asked to end at the same
 * time (a suspension, a preemption, a machine that is shut down) stays until they have written down what
 * they hold: steps that nobody records would be trained again. Reads no clock.
 */
import { type Millis, millis } from '../../shared/units.js';

/** Members that are asked to end together with their leader have said so by then. */
export const leaveLook: Millis = millis(1500);

/** As long as workers may take to leave where nobody says otherwise, and before a supervisor kills. */
export const defaultGrace: Millis = millis(25_000);

/** Workers say their status twice as often: who is silent for so long has ended. */
export const leftSilence: Millis = millis(1200);

export interface LeaveView {
  readonly leads: boolean;
  /** Since it was asked to end. */
  readonly waited: Millis;
  /** How long it may take. */
  readonly grace: Millis;
  /** Workers that hold a state of the run, or are about to. */
  readonly holders: readonly { readonly leaving: boolean; readonly silentFor: Millis }[];
}

export type LeaveDecision =
  | { readonly kind: 'stay'; readonly reason: string }
  | { readonly kind: 'leave'; readonly reason: string };

export function decideLeave({ grace, holders, leads, waited }: LeaveView): LeaveDecision {
  if (!leads) return leave('it does not lead');
  const there = holders.filter(({ silentFor }) => silentFor < leftSilence);
  if (there.length === 0) return leave('nobody holds a state');
  if (waited >= grace) return leave(`${there.length} workers are still there`);
  if (there.every(({ leaving }) => leaving)) {
    return { kind: 'stay', reason: 'its workers leave too, and write down what they hold' };
  }
  if (waited >= leaveLook) return leave('its workers go on without it');
  return { kind: 'stay', reason: 'it looks whether its workers leave too' };
}

const leave = (reason: string): LeaveDecision => ({ kind: 'leave', reason });
