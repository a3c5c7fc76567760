/**
 * Runs a job, or lets it rest: which of its two Jobs are there, and which are suspended.
 *
 * Resting begins with the workers: they leave the run one by one, and the last ones write a checkpoint, for
 * which they need the coordinator; it goes when none of them is left. Running begins with both at once.
 *
 * A Job that a queue of Kueue holds is started and stopped by the queue alone: `spec.suspend` is never
 * written. To rest, it is removed; and the coordinator goes and comes with it.
 */

import {
  controllerOf,
  hasEnded,
  isConditionTrue,
  type JobObject,
} from '../../objects/kubernetes-objects.js';
import { coordinatorJob } from '../children/coordinator-job.js';
import type { JobParts } from '../children/job-parts.js';
import { isInQueue, queueLabels } from '../children/queue-labels.js';
import { workerJob } from '../children/worker-job.js';
import type { Action } from '../reconcile/decision.js';
import type { Children, WallTime } from '../reconcile/seen.js';
import { pastPodsAnnotation, pastPodsText } from './coordinator-outcome.js';
import { isActive, isOverdue, nextOverdue, podsOf } from './pods.js';
import { limitRestarts, scaleWorkers } from './scaling.js';

export interface JobsPlan {
  readonly actions: readonly Action[];
  /** A queue has not let the workers start. */
  readonly isQueued: boolean;
  /** Pods that are there, whatever they do, but for those that a lost machine has. */
  readonly workersLeft: number;
  readonly coordinatorsLeft: number;
  /** Milliseconds until one of them counts as lost; null where none will. */
  readonly overdueIn: number | null;
}

export function runJobs(job: JobParts, children: Children, now: WallTime): JobsPlan {
  const { coordinator, worker } = children;
  const left = podsLeft(children, now);
  const areWorkersQueued =
    worker === null ? queueLabels(job.object) !== null : waitsInQueue(worker);
  const actions: Action[] = [];
  if (worker === null) {
    actions.push({ kind: 'create', object: workerJob(job), reason: 'the workers have no Job' });
  } else if (canChange(worker)) {
    const { cluster, workers } = job.resolved;
    actions.push(...scaleWorkers(worker, workers.replicas, isInQueue(worker)));
    actions.push(...limitRestarts(worker, cluster.maxRestarts));
    if (isSuspended(worker) && !isInQueue(worker)) {
      actions.push(suspendPatch(worker, false, 'the workers run'));
    }
  }
  // Before the workers are let in, a coordinator would only keep a place; while they leave, it is needed.
  const rests = areWorkersQueued && left.workersLeft === 0;
  if (coordinator === null) {
    if (!rests) {
      const reason = 'the coordinator has no Job';
      actions.push({ kind: 'create', object: coordinatorJob(job, false), reason });
    }
  } else if (canChange(coordinator)) {
    if (rests) actions.push(...stopJob(coordinator, 'the queue has taken the workers back'));
    else if (!areWorkersQueued && isSuspended(coordinator) && !isInQueue(coordinator)) {
      actions.push(resume(coordinator, children));
    }
  } else if (!areWorkersQueued && hasFailed(coordinator)) {
    // Its own limits are never reached: somebody has set others, and Kubernetes makes no pod of it any more.
    actions.push(removal(coordinator, 'the Job of the coordinator failed, and the job has not'));
  }
  const isCoordinatorQueued = coordinator !== null && waitsInQueue(coordinator);
  return { actions, isQueued: areWorkersQueued || isCoordinatorQueued, ...left };
}

/** @param wantsQueue then the Job goes, so that the next one is made in the queue */
export function restJobs(
  children: Children,
  wantsQueue: boolean,
  why: string,
  now: WallTime,
): JobsPlan {
  const { coordinator, worker } = children;
  const left = podsLeft(children, now);
  const actions = stopWorkers(worker, wantsQueue, why);
  if (left.workersLeft === 0) actions.push(...stopCoordinator(coordinator, why));
  return { actions, isQueued: false, ...left };
}

export function stopWorkers(worker: JobObject | null, wantsQueue: boolean, why: string): Action[] {
  if (worker === null || !canChange(worker)) return [];
  return wantsQueue ? [removal(worker, why)] : stopJob(worker, why);
}

export const stopCoordinator = (coordinator: JobObject | null, why: string): Action[] =>
  coordinator === null || !canChange(coordinator) ? [] : stopJob(coordinator, why);

/** What a queue holds would be started by it again. */
function stopJob(job: JobObject, why: string): Action[] {
  if (isInQueue(job)) return [removal(job, why)];
  return isSuspended(job) ? [] : [suspendPatch(job, true, why)];
}

export const removal = ({ metadata }: JobObject, reason: string): Action => ({
  kind: 'remove',
  of: 'Job',
  name: metadata.name,
  uid: metadata.uid ?? '',
  reason,
});

/** It has not been let in, or was taken back. */
export const waitsInQueue = (job: JobObject): boolean =>
  isInQueue(job) && !hasEnded(job) && isSuspended(job);

const isSuspended = ({ spec }: JobObject): boolean => spec.suspend === true;

const hasFailed = ({ metadata, status }: JobObject): boolean =>
  metadata.deletionTimestamp === undefined && isConditionTrue(status?.conditions, 'Failed');

/** A Job that has ended, or is being removed, takes no change. */
export const canChange = (job: JobObject): boolean =>
  job.metadata.deletionTimestamp === undefined && !hasEnded(job);

function podsLeft(
  { pods }: Children,
  now: WallTime,
): Pick<JobsPlan, 'workersLeft' | 'coordinatorsLeft' | 'overdueIn'> {
  // A machine that is gone may never say that its pods have ended; and pods that somebody has taken from their Job
  // (`kubectl delete job --cascade=orphan`) nobody tells to.
  const left = pods.filter(
    (pod) => isActive(pod) && !isOverdue(pod, now) && controllerOf(pod)?.kind === 'Job',
  );
  return {
    workersLeft: podsOf('worker', left).length,
    coordinatorsLeft: podsOf('coordinator', left).length,
    overdueIn: nextOverdue(pods, now),
  };
}

const suspendPatch = ({ metadata }: JobObject, suspend: boolean, reason: string): Action => ({
  kind: 'patch',
  of: 'Job',
  name: metadata.name,
  patch: { metadata: { uid: metadata.uid }, spec: { suspend } },
  reason,
});

const resume = (coordinator: JobObject, { pods }: Children): Action => ({
  kind: 'patch',
  of: 'Job',
  name: coordinator.metadata.name,
  patch: {
    metadata: {
      uid: coordinator.metadata.uid,
      annotations: { [pastPodsAnnotation]: pastPodsText(coordinator, pods) },
    },
    spec: { suspend: false },
  },
  reason: 'the coordinator runs',
});
