/** Where a paused run comes to stand. */
import type { RunState } from './run-state.js';

/**
 * Committed steps beyond which nothing is trained; null where the run is not paused. Who asks for its
 * end lets it go on: the end comes behind one more step, in which all members agree on it.
 *
 * @param reportedSteps of which a report is here: a leader before this one had published so far
 */
export function standsAt(
  { paused, stopping }: Pick<RunState, 'paused' | 'stopping'>,
  reportedSteps: number,
): number | null {
  return paused === null || stopping ? null : Math.max(paused.standsAt, reportedSteps);
}
