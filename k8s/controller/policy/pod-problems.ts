/** Why pods do not run, in the words of whoever keeps them from it: the scheduler, the kubelet. */
import type { PodObject } from '../objects/kubernetes-objects.js';
import type { WallTime } from '../reconcile/seen.js';
import { isActive, isOverdue } from './pods.js';

/** A container that is only being made waits with these. */
const usualWaits = ['ContainerCreating', 'PodInitializing'];

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
  return null;
}

/**
 * One sentence about all pods of a kind; null where none has a problem. Equal problems are told once.
 *
 * @param kind `worker`, `coordinator`
 */
export function problemsOf(kind: string, pods: readonly PodObject[], now: WallTime): string | null {
  const counts = new Map<string, number>();
  for (const pod of pods) {
    const problem = podProblem(pod, now);
    if (problem !== null) counts.set(problem, (counts.get(problem) ?? 0) + 1);
  }
  if (counts.size === 0) return null;
  const total = pods.filter(isActive).length;
  return [...counts]
    .sort(([one, many], [other, more]) => more - many || (one < other ? -1 : 1))
    .map(([problem, count]) => `${count} of ${total} ${kind} pods cannot run: ${problem}`)
    .join('; ');
}
