/** What is done to a run, and when: a plan by a seed, so that the same can be done again. */
import { Random } from '../../shared/random.js';
import { type Millis, millis } from '../../shared/units.js';

export const faults = ['kill', 'hang', 'coordinator', 'nats'] as const;

/** `kill` and `hang` a worker, lose the leading `coordinator`, restart `nats`-server. */
export type Fault = (typeof faults)[number];

/** How often each happens on average; left out: never. */
export type ChaosIntervals = Readonly<Partial<Record<Fault, Millis>>>;

export interface PlannedFault {
  readonly fault: Fault;
  /** Since the beginning. */
  readonly at: Millis;
  /** Chooses the worker among those that live then. */
  readonly draw: number;
  /** Of a hang. */
  readonly lasts: Millis;
}

/** A hang that is shorter is none: nobody would notice it. A longer one only costs time. */
const shortestHang = 3000;
const longestHang = 8000;

/**
 * Faults in the order of time. The k-th of a kind falls into the k-th interval, anywhere in its
 * middle half: never far from its turn, and never in step with another kind.
 */
export function planChaos(
  seed: number,
  intervals: ChaosIntervals,
  duration: Millis,
): PlannedFault[] {
  const planned: PlannedFault[] = [];
  for (const fault of faults) {
    const every = intervals[fault];
    if (every === undefined) continue;
    const random = Random.for(seed, `chaos ${fault}`);
    for (let turn = 0; ; turn++) {
      const at = millis((turn + 0.25 + random.below(1000) / 2000) * every);
      if (at >= duration) break;
      const lasts = millis(shortestHang + random.below(longestHang - shortestHang));
      planned.push({ fault, at, draw: random.next(), lasts });
    }
  }
  return planned.sort((a, b) => a.at - b.at);
}
