/** How many pods have failed, and how many may: `spec.maxRestarts`. */
import { exitCodes } from '../../../shared/exit-codes.js';
import type { JobObject, PodObject } from '../../objects/kubernetes-objects.js';
import { endOf, isDisrupted, podsMadeBy } from './pods.js';

/** Done, or stopped on request. */
const wished: readonly number[] = [exitCodes.success, exitCodes.stopped];

/**
 * Pods of the coordinator are counted here, since its Job counts those that a drained machine has ended as
 * well; those of the workers by their Job, whose failure policy leaves these out.
 */
export function failedPods(
  coordinator: JobObject | null,
  worker: JobObject | null,
  pods: readonly PodObject[],
): number {
  const ofCoordinator = podsMadeBy(coordinator, pods).filter(
    (pod) => !isDisrupted(pod) && !wished.includes(endOf(pod)?.exitCode ?? exitCodes.success),
  );
  return ofCoordinator.length + (worker?.status?.failed ?? 0);
}

/** Null while there are not too many. */
export const restartsProblem = (failed: number, maxRestarts: number): string | null =>
  failed <= maxRestarts ? null : `${failed} pods have failed: spec.maxRestarts is ${maxRestarts}`;
