/**
 * From what is seen of a job to what is to be done. Pure: it reads no clock and asks nobody, and the same
 * sight gives the same decision, so a controller that is killed anywhere is followed by one that goes on.
 *
 * In this order: a job that is being deleted, one that has ended, one that cannot be, one that ends now,
 * one that rests, one that runs. A child is only ever made by the last two.
 */
import { resolveObject } from '../../crd/resolve-object.js';
import { checkpointsPlace } from '../children/checkpoints-place.js';
import type { JobParts } from '../children/job-parts.js';
import { queueLabels } from '../children/queue-labels.js';
import { applyChildren } from '../policy/apply-children.js';
import { isFinished } from '../policy/conditions.js';
import { coordinatorOutcome } from '../policy/coordinator-outcome.js';
import { judgeDeadline } from '../policy/deadline.js';
import { decideFinished } from '../policy/finished.js';
import type { LastWords } from '../policy/last-words.js';
import { type Judged, judgeProgress, reportAge } from '../policy/progress.js';
import { finalizerPatch, hasFinalizer, removeJob } from '../policy/removal.js';
import { failedPods, restartsProblem } from '../policy/restarts.js';
import { restJobs, runJobs } from '../policy/run-jobs.js';
import { readTime, sooner } from '../policy/times.js';
import { workerOutcome } from '../policy/worker-outcome.js';
import type { Action, Decision, JobEvent } from './decision.js';
import type { Children, Seen, WallTime } from './seen.js';
import { finishedStatus, statusOf, unusableStatus } from './status.js';

/** Servers that came back may have forgotten an account. */
const accountAge = 60_000;
/** While names are taken: whoever has them may go. */
const lookAgain = 5_000;

export function reconcile(seen: Seen, now: WallTime): Decision {
  const { children, job, memory } = seen;
  const nothing = { actions: [], status: null, events: [], requeueAfter: null };
  if (job.metadata.deletionTimestamp !== undefined) {
    return { ...nothing, ...removeJob(job, children, memory, now) };
  }
  if (isFinished(job.status)) return decideFinished(seen, now);
  const resolved = resolveObject(job);
  if (resolved.kind === 'invalid') {
    const { message } = resolved;
    // A change that makes no sense must not end what runs: it is told of, and what was before goes on.
    const hasRun = children.coordinator !== null || job.status?.startTime !== undefined;
    const status = hasRun
      ? unusableStatus(seen, message)
      : finishedStatus(seen, { type: 'Failed', reason: 'InvalidSpec', message }, now);
    return { ...nothing, status, reason: `the spec cannot be used: ${message}` };
  }
  return decideActive(seen, { ...seen, object: job, resolved }, now);
}

function decideActive(seen: Seen, parts: JobParts, now: WallTime): Decision {
  const { children, job } = seen;
  const { cluster } = parts.resolved;
  const nothing = { actions: [], status: null, events: [], requeueAfter: null };
  const finish = (
    type: 'Complete' | 'Failed',
    reason: string,
    message: string,
    words?: LastWords,
  ): Decision => ({
    ...nothing,
    status: finishedStatus(seen, { type, reason, message, ...(words && { words }) }, now),
    // What is left of it is looked at once the end is written down.
    requeueAfter: 0,
    reason: message,
  });

  const outcome = coordinatorOutcome(children.coordinator, children.pods);
  if (outcome.kind === 'complete') {
    return finish('Complete', 'TrainingFinished', outcome.words.message, outcome.words);
  }
  if (outcome.kind === 'failed') return finish('Failed', outcome.reason, outcome.message);
  const workers = workerOutcome(children.worker, children.pods, now);
  if (workers.kind === 'failed') return finish('Failed', workers.reason, workers.message);
  const failed = failedPods(children.coordinator, children.worker, children.pods);
  const tooMany = restartsProblem(failed, cluster.maxRestarts);
  if (tooMany !== null) return finish('Failed', 'MaxRestartsExceeded', tooMany);
  const startedAt = readTime(job.status?.startTime);
  const deadline = judgeDeadline(cluster.activeDeadlineSeconds, startedAt, now);
  if (deadline.kind === 'passed') return finish('Failed', 'DeadlineExceeded', deadline.message);

  const isStopped = outcome.kind === 'stopped';
  const isAsked = outcome.kind === 'stopped' && !outcome.isAnswered;
  if (isAsked || cluster.suspend) return decideRest(seen, parts, isStopped, now);

  const { requeueAfter, ...run } = decideRun(seen, parts, now);
  const waits = [
    requeueAfter,
    deadline.kind === 'in' ? deadline.milliseconds : null,
    workers.kind === 'wait' ? workers.milliseconds : null,
  ];
  const again: Action[] =
    workers.kind === 'again' && children.worker !== null
      ? [removeWorkers(children.worker.metadata, workers.message)]
      : [];
  return { ...run, actions: [...run.actions, ...again], requeueAfter: waits.reduce(sooner, null) };
}

const removeWorkers = (metadata: { name: string; uid?: string }, reason: string): Action => ({
  kind: 'remove',
  of: 'Job',
  name: metadata.name,
  uid: metadata.uid ?? '',
  reason,
});

function decideRest(seen: Seen, parts: JobParts, isStopped: boolean, now: WallTime): Decision {
  const { children, job } = seen;
  const why = isStopped ? 'Stopped' : 'Suspended';
  const plan = restJobs(children, queueLabels(job) !== null, 'the job rests');
  const isLeaving = plan.workersLeft + plan.coordinatorsLeft > 0;
  const lost =
    checkpointsPlace(parts).isDurable || children.coordinator === null
      ? ''
      : ': its state lived in its pods and is lost, since spec.kubernetes.checkpoints names no place';
  const message = isLeaving
    ? `${plan.workersLeft} workers and ${plan.coordinatorsLeft} coordinators are leaving`
    : `${isStopped ? 'stopped on request; spec.suspend: false goes on' : 'spec.suspend is true'}${lost}`;
  const judged: Judged = {
    state: isLeaving ? 'Paused' : 'Suspended',
    message,
    claims: {
      Suspended: { holds: !isLeaving, reason: isLeaving ? 'Suspending' : why, message },
      Running: { holds: false, reason: isLeaving ? 'Suspending' : why, message: '' },
      Degraded: { holds: false, reason: why, message: '' },
    },
  };
  // `lockstep stop` is a wish of the user's that the job rest: it is written where users look for it.
  const suspend: Action[] =
    isStopped && !parts.resolved.cluster.suspend
      ? [
          {
            kind: 'patch',
            of: 'TrainingJob',
            name: job.metadata.name,
            patch: { metadata: { uid: job.metadata.uid }, spec: { suspend: true } },
            reason: 'the run was stopped on request',
          },
        ]
      : [];
  return {
    actions: [...suspend, ...plan.actions],
    status: statusOf(seen, parts.resolved, judged, {
      startedAt: isLeaving ? 'keep' : 'clear',
      now,
    }),
    events: [],
    requeueAfter: null,
    reason: message,
  };
}

function decideRun(seen: Seen, parts: JobParts, now: WallTime): Decision {
  const { children, job, memory, report } = seen;
  const { workers } = parts.resolved;
  const blocked = namesBlocked(children);
  if (blocked !== null) {
    const { events, message, reason } = blocked;
    const judged = pending(reason, message);
    const status = statusOf(seen, parts.resolved, judged, { startedAt: 'keep', now });
    return { actions: [], status, events, requeueAfter: lookAgain, reason: message };
  }
  const plan = runJobs(parts, children);
  const judged = plan.isQueued
    ? queued(plan.workersLeft)
    : judgeProgress({
        ...{ children, report, memory, now },
        before: job.status,
        replicas: workers.replicas,
      });
  return {
    actions: runActions(seen, parts, plan.actions, now),
    status: statusOf(seen, parts.resolved, judged, {
      startedAt: plan.isQueued ? 'clear' : 'begin',
      now,
    }),
    events: [],
    // Silence is no event.
    requeueAfter: report === null ? null : Math.max(1000, report.at + reportAge - now),
    reason: judged.message === '' ? judged.state : judged.message,
  };
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
  const isKnown = memory.accountAt !== null && now - memory.accountAt < accountAge;
  const push: Action[] = isKnown
    ? []
    : [{ kind: 'push-account', reason: 'NATS must know the job' }];
  const finalizer = hasFinalizer(job) ? [] : [finalizerPatch(job, true, 'it will have streams')];
  const isNew = jobs.some(({ kind }) => kind === 'create');
  return isNew
    ? [...finalizer, ...push, ...others, ...jobs]
    : [...finalizer, ...others, ...jobs, ...push];
}
