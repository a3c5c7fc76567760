/**
 * What Ctrl-C means. npm and the terminal may both pass one key press on, so two signals in the same
 * instant are one.
 */
import { type Millis, millis } from '../../../shared/units.js';

export type InterruptDecision = 'stop' | 'ignore' | 'at-once';

export const sameKeyPress: Millis = millis(400);

/** `previousAt` is when the first signal came; null before it. */
export function decideInterrupt(now: Millis, previousAt: Millis | null): InterruptDecision {
  if (previousAt === null) return 'stop';
  return now - previousAt < sameKeyPress ? 'ignore' : 'at-once';
}
