/** Why pods do not run, in the words of whoever keeps them from it: the scheduler, the kubelet. */
import type { Component } from '../../names.js';
import { hasEnded, type JobObject, type PodObject } from '../../objects/kubernetes-objects.js';
import type { WallTime } from '../reconcile/seen.js';
import { isActive, isOverdue, podsOf } from './pods.js';
import { readTime, sooner } from './times.js';

/** A container that is only being made waits with these, */
const usualWaits = ['ContainerCreating', 'PodInitializing'];
/** and so long at most, but for an image that is large or a volume that is not there. */
const usualWait = 60_000;

/** Null for a pod that runs, has ended, or is on its way. */
export function podProblem(pod: PodObject, now: WallTime): string | null {
  if (!isActive(pod)) return null;
  const { spec, status } = pod;
  if (isOverdue(pod, now)) {
    // Kubernetes does not replace it before the machine is back or removed.
    return `it was deleted, and its machine ${spec?.nodeName ?? ''} does not confirm it`;
  }
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False' && scheduled.message) return scheduled.message;
  for (const { state } of status?.containerStatuses ?? []) {
    const { reason, message } = state?.waiting ?? {};
    if (reason === undefined || usualWaits.includes(reason)) continue;
    return message ? `${reason}: ${message}` : reason;
  }
  const due = slowAt(pod);
  if (due === null || now < due) return null;
  return (
    'its container has not been made for a minute: "kubectl describe pod" of it says whether a volume, a Secret ' +
    'or an image is waited for'
  );
}

/** When a pod that has a machine and no container takes too long; null for every other one. */
function slowAt({ status }: PodObject): WallTime | null {
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const since = readTime(scheduled?.lastTransitionTime);
  const isOnItsWay = status?.phase === 'Pending' && scheduled?.status === 'True';
  return isOnItsWay && since !== null ? since + usualWait : null;
}

/** A Job's controller makes pods within a second, where it may. */
const madeWithin = 10_000;

export interface PodsWanted {
  /** `worker`, `coordinator` */
  readonly kind: Component;
  /** Whose pods they are. */
  readonly job: JobObject | null;
  readonly pods: readonly PodObject[];
}

/** How many pods a Job lacks, and since when it should have them; null where it lacks none. */
function missing({
  job,
  kind,
  pods,
}: PodsWanted): { count: number; of: number; since: WallTime } | null {
  const { parallelism = 1, suspend } = job?.spec ?? {};
  const since = readTime(job?.status?.startTime);
  if (job === null || suspend === true || since === null || hasEnded(job)) return null;
  const { succeeded = 0, active = 0 } = job.status ?? {};
  // The coordinator's Job is done with the first that succeeds, the workers' index by index.
  const of = Math.max(0, parallelism - succeeded);
  const count = of - Math.max(active, podsOf(kind, pods).filter(isActive).length);
  return count > 0 ? { count, of, since } : null;
}

/** Until a problem shows that no event will tell of: pods that are not made, or containers; null where none can. */
export function problemIn(wanted: PodsWanted, now: WallTime): number | null {
  const lack = missing(wanted);
  const slow = podsOf(wanted.kind, wanted.pods).filter(isActive).map(slowAt);
  return [lack === null ? null : lack.since + madeWithin, ...slow]
    .map((at) => (at === null || at <= now ? null : at - now))
    .reduce(sooner, null);
}

/**
 * One sentence about all pods of a kind; null where none has a problem. Equal problems are told once. Why a pod
 * could not even be made stands in events of the Job, which the controller does not read.
 */
export function problemsOf(wanted: PodsWanted, now: WallTime): string | null {
  const { job, kind, pods } = wanted;
  const counts = new Map<string, number>();
  const own = podsOf(kind, pods);
  for (const pod of own) {
    const problem = podProblem(pod, now);
    if (problem !== null) counts.set(problem, (counts.get(problem) ?? 0) + 1);
  }
  const total = own.filter(isActive).length;
  const lack = missing(wanted);
  const sentences = [...counts]
    .sort(([one, many], [other, more]) => more - many || (one < other ? -1 : 1))
    .map(([problem, count]) => `${count} of ${total} ${kind} pods cannot run: ${problem}`);
  if (lack !== null && now - lack.since >= madeWithin) {
    sentences.push(
      `${lack.count} of ${lack.of} ${kind} pods are not there: "kubectl describe job ${job?.metadata.name}" ` +
        'says whether a quota or a policy refuses them',
    );
  }
  return sentences.length === 0 ? null : sentences.join('; ');
}
