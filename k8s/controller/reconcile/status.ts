/** The status of a job, complete: written as a whole, so that what is no longer true disappears. */
import { membersMax } from '../../../shared/limits.js';
import type { ResolvedObject } from '../../crd/resolve-object.js';
import type { TrainingJobStatus } from '../../crd/status-schema.js';
import { labelsOf, runOfObject } from '../../names.js';
import { type Claims, cut, nextConditions } from '../policy/conditions.js';
import type { LastWords } from '../policy/last-words.js';
import { isActive, isReady, podsOf } from '../policy/pods.js';
import { type Judged, reportedFields } from '../policy/progress.js';
import { failedPods } from '../policy/restarts.js';
import { timeText } from '../policy/times.js';
import type { Seen, WallTime } from './seen.js';

export interface StatusTimes {
  /** `begin`: from now on, unless it has begun; `clear`: it rests. */
  readonly startedAt: 'begin' | 'keep' | 'clear';
  readonly now: WallTime;
}

export function statusOf(
  seen: Seen,
  resolved: ResolvedObject,
  judged: Judged,
  { now, startedAt }: StatusTimes,
): TrainingJobStatus {
  const { job, report } = seen;
  const { startTime, ...before } = job.status ?? {};
  const begun = startedAt === 'begin' ? (startTime ?? timeText(now)) : startTime;
  const { state, message, claims } = judged;
  const isTraining = state === 'Running' || state === 'Degraded';
  return {
    ...before,
    ...(report !== null && reportedFields(report.report)),
    ...counted(seen, resolved.workers.replicas, isTraining),
    state,
    message: cut(message),
    observedGeneration: job.metadata.generation,
    conditions: nextConditions(before.conditions ?? [], claims, job.metadata.generation, now),
    ...(startedAt !== 'clear' && begun !== undefined && { startTime: begun }),
  };
}

export interface End {
  readonly type: 'Complete' | 'Failed';
  readonly reason: string;
  readonly message: string;
  /** Of the coordinator: the last report may have been lost. */
  readonly words?: LastWords;
}

export function finishedStatus(seen: Seen, end: End, now: WallTime): TrainingJobStatus {
  const { job, report } = seen;
  const before = job.status ?? {};
  const off = { holds: false, reason: end.reason, message: '' };
  const claims: Claims = {
    Suspended: off,
    Running: off,
    Degraded: off,
    [end.type]: { holds: true, reason: end.reason, message: end.message },
  };
  const reported = report === null ? {} : reportedFields(report.report);
  const { trainerStatus = before.trainerStatus } = reported;
  return {
    ...before,
    ...reported,
    ...counted(seen, before.workers?.desired ?? 0, false),
    ...(end.type === 'Complete' &&
      trainerStatus !== undefined && {
        trainerStatus: { ...trainerStatus, progressPercentage: 100, estimatedRemainingSeconds: 0 },
      }),
    ...saidFields(end.words),
    state: end.type,
    message: cut(end.message),
    observedGeneration: job.metadata.generation,
    conditions: nextConditions(before.conditions ?? [], claims, job.metadata.generation, now),
    completionTime: timeText(now),
  };
}

function saidFields(words: LastWords | undefined): Partial<TrainingJobStatus> {
  const { committedSteps = null, finalLoss = null, weightsSha256 = null } = words ?? {};
  return {
    ...(committedSteps !== null && { step: committedSteps }),
    ...(finalLoss !== null && { loss: finalLoss }),
    ...(weightsSha256 !== null && { weightsSha256 }),
  };
}

/** Of a job that runs and was changed into something that makes no sense. */
export const unusableStatus = ({ job }: Seen, message: string): TrainingJobStatus => ({
  ...job.status,
  message: cut(`the change of the spec is not followed, since it cannot be used: ${message}`),
  observedGeneration: job.metadata.generation,
});

function counted(seen: Seen, desired: number, isTraining: boolean): Partial<TrainingJobStatus> {
  const { children, job, report } = seen;
  const { name, uid } = job.metadata;
  const pods = podsOf('worker', children.pods).filter(isActive);
  const training = isTraining
    ? (report?.report.members.length ?? job.status?.workers?.training ?? 0)
    : 0;
  const failed = failedPods(children.coordinator, children.worker, children.pods);
  return {
    runId: runOfObject(uid),
    // Pods on their way out may be counted beside those that replace them.
    replicas: Math.min(membersMax, pods.length),
    selector: Object.entries(labelsOf(name, 'worker'))
      .map(([label, value]) => `${label}=${value}`)
      .join(','),
    workers: {
      desired,
      ready: pods.filter(isReady).length,
      training,
      summary: `${training}/${desired}`,
    },
    // A Job that is made anew counts from nothing.
    restarts: Math.max(job.status?.restarts ?? 0, report?.report.restarts ?? 0, failed),
  };
}
