/**
 * From what is seen of a job to what is to be done. Pure: it reads no clock and asks nobody, and the same
 * sight gives the same decision, so a controller that is killed anywhere is followed by one that goes on.
 *
 * In this order: a job that is being deleted, one that has ended, one that ends now, one that cannot be, one
 * that rests, one that runs. A child is only ever made by the last two.
 */
import { type ResolvedObject, resolveObject } from '../../crd/resolve-object.js';
import type { JobParts } from '../children/job-parts.js';
import { isFinished } from '../policy/conditions.js';
import { type CoordinatorOutcome, coordinatorOutcome } from '../policy/coordinator-outcome.js';
import { judgeDeadline } from '../policy/deadline.js';
import { decideFinished } from '../policy/finished.js';
import { removeJob } from '../policy/removal.js';
import { failedPods, restartsProblem } from '../policy/restarts.js';
import { removal } from '../policy/run-jobs.js';
import { readTime, sooner } from '../policy/times.js';
import { workerOutcome } from '../policy/worker-outcome.js';
import { decideRest } from './decide-rest.js';
import { decideRun } from './decide-run.js';
import type { Action, Decision } from './decision.js';
import type { Seen, WallTime } from './seen.js';
import { type End, finishedStatus, unusableStatus } from './status.js';

const nothing = { actions: [], status: null, events: [], requeueAfter: null };

export function reconcile(seen: Seen, now: WallTime): Decision {
  const { children, job, memory } = seen;
  if (job.metadata.deletionTimestamp !== undefined) {
    return { ...nothing, ...removeJob(job, children, memory, now) };
  }
  if (isFinished(job.status)) return decideFinished(seen, now);
  const outcome = coordinatorOutcome(children.coordinator, children.pods);
  const end = endByCoordinator(outcome);
  if (end !== null) return finish(seen, end, now);
  const resolved = resolveObject(job);
  if (resolved.kind === 'invalid') return decideInvalid(seen, resolved.message, now);
  return decideActive(seen, resolved, outcome, now);
}

function endByCoordinator(outcome: CoordinatorOutcome): End | null {
  if (outcome.kind === 'complete') {
    const { words } = outcome;
    return { type: 'Complete', reason: 'TrainingFinished', message: words.message, words };
  }
  if (outcome.kind !== 'failed') return null;
  return { type: 'Failed', reason: outcome.reason, message: outcome.message };
}

function decideInvalid(seen: Seen, message: string, now: WallTime): Decision {
  const { children, job } = seen;
  const reason = `the spec cannot be used: ${message}`;
  // A change that makes no sense must not end what runs: it is told of, and what was before goes on.
  if (children.coordinator !== null || job.status?.startTime !== undefined) {
    return { ...nothing, status: unusableStatus(seen, message), reason };
  }
  return finish(seen, { type: 'Failed', reason: 'InvalidSpec', message }, now);
}

const finish = (seen: Seen, end: End, now: WallTime): Decision => ({
  ...nothing,
  status: finishedStatus(seen, end, now),
  // What is left of it is looked at once the end is written down.
  requeueAfter: 0,
  reason: end.message,
});

function decideActive(
  seen: Seen,
  resolved: ResolvedObject,
  outcome: CoordinatorOutcome,
  now: WallTime,
): Decision {
  const { children, job } = seen;
  const { cluster } = resolved;
  const fail = (reason: string, message: string): Decision =>
    finish(seen, { type: 'Failed', reason, message }, now);

  const workers = workerOutcome(children.worker, children.pods, now);
  if (workers.kind === 'failed') return fail(workers.reason, workers.message);
  const failed = failedPods(children.coordinator, children.worker, children.pods);
  const tooMany = restartsProblem(failed, cluster.maxRestarts);
  if (tooMany !== null) return fail('MaxRestartsExceeded', tooMany);
  const parts: JobParts = { ...seen, object: job, resolved };
  const isStopped = outcome.kind === 'stopped';
  const isAsked = outcome.kind === 'stopped' && !outcome.isAnswered;
  if (isAsked || cluster.suspend) return decideRest(seen, parts, isStopped, now);

  const startedAt = readTime(job.status?.startTime);
  const deadline = judgeDeadline(cluster.activeDeadlineSeconds, startedAt, now);
  if (deadline.kind === 'passed') return fail('DeadlineExceeded', deadline.message);

  const { requeueAfter, ...run } = decideRun(seen, parts, now);
  const waits = [
    requeueAfter,
    deadline.kind === 'in' ? deadline.milliseconds : null,
    workers.kind === 'wait' ? workers.milliseconds : null,
  ];
  const again: Action[] =
    workers.kind === 'again' && children.worker !== null
      ? [removal(children.worker, workers.message)]
      : [];
  return { ...run, actions: [...run.actions, ...again], requeueAfter: waits.reduce(sooner, null) };
}
