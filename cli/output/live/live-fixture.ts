import type { ShownEvent } from '../../../shared/history/shown-event.js';
import { LiveState, type MemberTimes } from './live-state.js';
import type { Look } from './look.js';

export const look = (changes: Partial<Look> = {}): Look => ({
  ...{ columns: 79, rows: 12, colour: false, unicode: true },
  ...changes,
});

export const started = (members: readonly string[], totalSteps = 228): ShownEvent => ({
  ...{ kind: 'started', members, firstStep: 0, totalSteps, resumedFrom: null },
});

export const committed = (step: number, loss: number, seconds = 0.5): ShownEvent =>
  ({
    kind: 'committed',
    seconds,
    report: {
      ...{ step, stage: null, loss, sequences: 64, itemTokens: 20_000 },
      measures: { live_negatives: 1681 },
    },
  }) as unknown as ShownEvent;

/** A member that computes for so long and waits for the rest of a second. */
export const member = (worker: string, busy: number): MemberTimes => ({
  worker,
  lanes: 2,
  phaseSeconds: {
    ...{ plan: 0, encode: 0.5 * busy, gather: 0.5 * (1 - busy), users: 0.25 * busy },
    ...{ scatter: 0, items: 0.25 * busy, reduce: 0.5 * (1 - busy), optimizer: 0 },
  },
  waitSeconds: 1 - busy,
});

export const phases = (members: readonly MemberTimes[], generation = 1): ShownEvent => ({
  ...{ kind: 'phases', generation, steps: 4, members: [...members] },
});

/** Some steps of two workers, of which the second one is slow. */
export function trained(steps = 57): LiveState {
  const state = new LiveState();
  state.take(started(['worker-0', 'worker-1']));
  for (let step = 0; step < steps; step++) state.take(committed(step, 7.4 - step / 40));
  state.take(phases([member('worker-0', 0.6), member('worker-1', 0.95)]));
  return state;
}
