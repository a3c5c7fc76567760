/**
 * A worker that comes while others train has its engine go through a step before it stands by: the
 * members would wait for its first one otherwise. Where they need it now it goes in as it is.
 */
import { type Millis, millis } from '../../../shared/units.js';
import { warmUpLimit } from './limits.js';
import { isMember, type Outcome, to, withKnown } from './outcome.js';
import type { Situation, Worker } from './worker-situation.js';

/** Null where nobody trains without it, and where its engine has worked already. */
export function warmUp(worker: Worker, now: Millis): Outcome | null {
  const { newest, position, warmed } = worker.known;
  if (warmed || position !== null || !othersTrain(worker)) return null;
  const situation = { kind: 'warming-up', until: millis(now + warmUpLimit) } as const;
  return to(withKnown(worker, { warmed: true }), situation, [
    { kind: 'warm-up', committedSteps: stepsAt(newest?.start ?? null) },
  ]);
}

type WarmingUp = Extract<Situation, { kind: 'warming-up' }>;

export function settleWarmUp(worker: Worker, { until }: WarmingUp, now: Millis): Outcome | null {
  const reason = reasonToEnd(worker, until, now);
  if (reason === null) return null;
  // Generation 0 is older than any: this ends the thread's step before its next kernel.
  return to(worker, { kind: 'standing-by' }, [{ kind: 'abort-training', generation: 0, reason }]);
}

function reasonToEnd(worker: Worker, until: Millis, now: Millis): string | null {
  if (isMember(worker)) return 'it is a member';
  if (isWaitedFor(worker)) return 'the run waits for workers';
  return now < until ? null : 'its first step takes too long';
}

/** A planned change has no start for a moment, and members who train; without `planned` nobody trains. */
const isWaitedFor = ({ known: { newest } }: Worker): boolean =>
  newest === null || newest.members.length === 0 || (newest.start === null && !newest.planned);

const othersTrain = (worker: Worker): boolean =>
  (worker.known.newest?.start ?? null) !== null &&
  !isWaitedFor(worker) &&
  !isMember(worker) &&
  !worker.known.stopping;

type Start = NonNullable<Worker['known']['newest']>['start'];

function stepsAt(start: Start): number {
  if (start === null || start.kind === 'seed') return 0;
  return start.kind === 'state' ? start.position.committedSteps : start.committedSteps;
}
