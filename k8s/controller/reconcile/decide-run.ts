/** A job that runs, or waits for its pods, its queue, or names that others have. */
import type { JobParts } from '../children/job-parts.js';
import { applyChildren } from '../policy/apply-children.js';
import { type Judged, judgeProgress, podProblemIn, reportAge } from '../policy/progress.js';
import { finalizerPatch, hasFinalizer } from '../policy/removal.js';
import { runJobs } from '../policy/run-jobs.js';
import { sooner } from '../policy/times.js';
import type { Action, Decision, JobEvent } from './decision.js';
import type { Children, Seen, WallTime } from './seen.js';
import { statusOf } from './status.js';

/** Servers that came back may have forgotten an account. */
const accountAge = 60_000;
/** While names are taken: whoever has them may go. */
const lookAgain = 5_000;

export function decideRun(seen: Seen, parts: JobParts, now: WallTime): Decision {
  const { children, job, memory, report } = seen;
  const { workers } = parts.resolved;
  const blocked = namesBlocked(children);
  if (blocked !== null) {
    const { events, message, reason } = blocked;
    const judged = pending(reason, message);
    const status = statusOf(seen, parts.resolved, judged, { startedAt: 'keep', now });
    return { actions: [], status, events, requeueAfter: lookAgain, reason: message };
  }
  const plan = runJobs(parts, children, now);
  const judged = plan.isQueued
    ? queued(plan.workersLeft)
    : judgeProgress({
        ...{ children, report, memory, now },
        before: job.status,
        replicas: workers.replicas,
        min: workers.min,
      });
  return {
    actions: runActions(seen, parts, plan.actions, now),
    status: statusOf(seen, parts.resolved, judged, {
      startedAt: plan.isQueued ? 'clear' : 'begin',
      now,
    }),
    events: [],
    requeueAfter: sooner(
      silenceIn(seen, now),
      plan.isQueued ? plan.overdueIn : podProblemIn(children, now),
    ),
    reason: judged.message === '' ? judged.state : judged.message,
  };
}

/** Silence is no event: until it is told of; null where it is already. */
function silenceIn({ memory, report }: Seen, now: WallTime): number | null {
  const left = (report?.at ?? memory.leadsSince) + reportAge - now;
  return left > 0 ? left : null;
}

function namesBlocked({ leftovers, taken }: Children) {
  if (taken.length > 0) {
    const message = `${taken.join(', ')} exist already and belong to something else`;
    const events: JobEvent[] = [{ type: 'Warning', reason: 'NameTaken', note: message }];
    return { reason: 'NameTaken', message, events };
  }
  if (leftovers.length === 0) return null;
  const message = `${leftovers.join(', ')} of a deleted job of this name are still being removed`;
  return { reason: 'WaitingForRemoval', message, events: [] };
}

const pending = (reason: string, message: string): Judged => ({
  state: 'Pending',
  message,
  claims: { Running: { holds: false, reason, message } },
});

function queued(workersLeft: number): Judged {
  const message =
    workersLeft === 0 ? 'waits for its queue' : `the queue takes ${workersLeft} workers back`;
  const off = { holds: false, reason: 'Queued', message };
  return {
    state: 'Queued',
    message,
    claims: { Suspended: { ...off, message: '' }, Running: off, Degraded: { ...off, message: '' } },
  };
}

/**
 * The finalizer comes before whatever it must see to the end of, and NATS knows the job before its pods
 * come; what runs already does not wait for a NATS that is away.
 */
function runActions(
  { children, job, memory }: Seen,
  parts: JobParts,
  jobs: readonly Action[],
  now: WallTime,
): Action[] {
  const others = applyChildren(parts, children, memory);
  // On servers of the user's own nothing is the controller's to make or to remove.
  if (parts.resolved.cluster.kubernetes.nats !== undefined) return [...others, ...jobs];
  const starts = jobs.some(startsPods);
  const isKnown = memory.accountAt !== null && now - memory.accountAt < accountAge && !starts;
  const push: Action[] = isKnown
    ? []
    : [{ kind: 'push-account', reason: 'NATS must know the job' }];
  const finalizer = hasFinalizer(job) ? [] : [finalizerPatch(job, true, 'it will have streams')];
  return starts
    ? [...finalizer, ...push, ...others, ...jobs]
    : [...finalizer, ...others, ...jobs, ...push];
}

/** A pod that NATS does not know ends as one whose credentials are wrong, and no other one is tried. */
const startsPods = (action: Action): boolean =>
  action.kind === 'create' ||
  (action.kind === 'patch' &&
    (action.patch as { spec?: { suspend?: boolean } }).spec?.suspend === false);
