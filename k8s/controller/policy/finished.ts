/** A job that has an end: what still runs of it goes, and after its time to live the job itself. */
import { membersMax } from '../../../shared/limits.js';
import type { TrainingJobStatus } from '../../crd/status-schema.js';
import type { Action, Decision } from '../reconcile/decision.js';
import type { Children, Seen, WallTime } from '../reconcile/seen.js';
import { conditionOf, holds } from './conditions.js';
import { isActive, isReady, podsOf } from './pods.js';
import { stopCoordinator, stopWorkers, waitsInQueue } from './run-jobs.js';
import { judgeTimeToLive } from './time-to-live.js';
import { readTime, sooner } from './times.js';

/** Processes that have heard of the end leave by themselves, and their logs stay. */
export const leaveWait = 30_000;

export function decideFinished({ children, job }: Seen, now: WallTime): Decision {
  const finishedAt = readTime(job.status?.completionTime);
  const ttl = job.spec.ttlSecondsAfterFinished;
  const life = judgeTimeToLive(typeof ttl === 'number' ? ttl : null, finishedAt, now);
  if (life.kind === 'over') {
    const { name, uid } = job.metadata;
    const reason = `spec.ttlSecondsAfterFinished, which is ${ttl}, is over`;
    return {
      ...{ actions: [{ kind: 'remove', of: 'TrainingJob', name, uid, reason }], status: null },
      ...{ events: [], requeueAfter: null, reason },
    };
  }
  const { actions, wait } = stopLeftovers({ children, job }, finishedAt ?? now, now);
  const { generation } = job.metadata;
  // Of the spec only the time to live still means something; that a change was seen is told all the same.
  const status = {
    ...job.status,
    ...podsCounted(children, job.status),
    observedGeneration: generation,
  };
  return {
    actions,
    status,
    events: [],
    requeueAfter: sooner(wait, life.kind === 'in' ? life.milliseconds : null),
    reason: 'it has ended',
  };
}

/** Who was there at the end is gone soon after. */
function podsCounted(
  { pods }: Children,
  status: TrainingJobStatus | undefined,
): Partial<TrainingJobStatus> {
  const active = podsOf('worker', pods).filter(isActive);
  return {
    replicas: Math.min(membersMax, active.length),
    ...(status?.workers !== undefined && {
      workers: { ...status.workers, ready: active.filter(isReady).length },
    }),
  };
}

function stopLeftovers(
  { children, job }: Pick<Seen, 'children' | 'job'>,
  finishedAt: WallTime,
  now: WallTime,
): { actions: Action[]; wait: number | null } {
  const active = children.pods.filter(isActive);
  const workers = podsOf('worker', active).length;
  const coordinators = podsOf('coordinator', active).length;
  const isFailed = holds(job.status, 'Failed');
  const isSudden = conditionOf(job.status, 'Failed')?.reason === 'DeadlineExceeded';
  const left = isSudden ? 0 : finishedAt + leaveWait - now;
  const isOver = left <= 0;
  const why = 'the job has ended';
  // It would be let in some day, and take others' places for nothing.
  const waits = children.worker !== null && waitsInQueue(children.worker);
  return {
    actions: [
      ...((isOver && workers > 0) || waits ? stopWorkers(children.worker, false, why) : []),
      // Of a failed job Kubernetes would make another coordinator.
      ...(isFailed || isOver ? stopCoordinator(children.coordinator, why) : []),
    ],
    wait: isOver || workers + coordinators === 0 ? null : left,
  };
}
