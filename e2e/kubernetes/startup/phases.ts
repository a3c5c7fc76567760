/** From `kubectl apply` to the first committed step, cut where the next one has to act. */

/** Wall clock, in milliseconds; of pods, when the last one that the first step needs was so far. */
export interface Moments {
  /** `kubectl apply` is called. */
  readonly asked: number;
  /** It has ended: the API server has the job. */
  readonly accepted: number;
  readonly created: number;
  readonly scheduled: number;
  /** The first process of the container has begun. */
  readonly running: number;
  readonly leading: number;
  /** The leader has workers that train. */
  readonly joined: number;
  readonly committed: number;
}

export interface Phase {
  readonly name: string;
  readonly seconds: number;
  /** Not the scheduler's or the kubelet's. */
  readonly isOurs: boolean;
}

const phases: readonly (readonly [name: string, until: keyof Moments, isOurs: boolean])[] = [
  ['apply', 'accepted', true],
  ['pods created', 'created', true],
  ['scheduled', 'scheduled', false],
  ['containers started', 'running', false],
  ['coordinator leads', 'leading', true],
  ['workers joined', 'joined', true],
  ['first step committed', 'committed', true],
];

/** What was over before the phases ahead of it were has cost nothing: pods start side by side. */
export function phasesOf(moments: Moments): Phase[] {
  let latest = moments.asked;
  return phases.map(([name, until, isOurs]) => {
    const begin = latest;
    latest = Math.max(latest, moments[until]);
    return { name, seconds: (latest - begin) / 1000, isOurs };
  });
}

export const secondsOf = (all: readonly Phase[]): number =>
  all.reduce((sum, { seconds }) => sum + seconds, 0);
