/** What the end of the workers' Job means. The coordinator's word counts more: it gets time to say it. */
import {
  isConditionTrue,
  type JobObject,
  type ObjectCondition,
  type PodObject,
} from '../../objects/kubernetes-objects.js';
import type { WallTime } from '../reconcile/seen.js';
import { readLastWords } from './last-words.js';
import { endOf, isDisrupted, podsMadeBy } from './pods.js';
import { readTime } from './times.js';

export type WorkerOutcome =
  | { readonly kind: 'none' }
  | { readonly kind: 'wait'; readonly milliseconds: number; readonly message: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string }
  /** All have ended well and the run has not: they are made anew. */
  | { readonly kind: 'again'; readonly message: string };

/** A coordinator hears of a failed worker within seconds and then writes its last line. */
export const wordOfCoordinator = 30_000;
/** A last evaluation is done by workers, so nothing is left to wait for but an exit. */
export const endOfCoordinator = 120_000;

export function workerOutcome(
  job: JobObject | null,
  pods: readonly PodObject[],
  now: WallTime,
): WorkerOutcome {
  const conditions = job?.status?.conditions;
  const failed = conditions?.find(({ type, status }) => type === 'Failed' && status === 'True');
  if (failed !== undefined) return judgeFailure(failed, podsMadeBy(job, pods), now);
  if (!isConditionTrue(conditions, 'Complete')) return { kind: 'none' };
  const message = 'all workers have ended and the coordinator has not';
  const left = (readTime(job?.status?.completionTime) ?? now) + endOfCoordinator - now;
  return left > 0 ? { kind: 'wait', milliseconds: left, message } : { kind: 'again', message };
}

function judgeFailure(
  failed: ObjectCondition,
  pods: readonly PodObject[],
  now: WallTime,
): WorkerOutcome {
  const words = pods
    .filter((pod) => !isDisrupted(pod) && (endOf(pod)?.exitCode ?? 0) !== 0)
    .map((pod) => readLastWords(endOf(pod)?.message).message)
    .find((message) => message !== '');
  const message = [`The workers' Job failed: ${failed.message ?? failed.reason ?? ''}`, words]
    .filter((part) => part !== undefined)
    .join(': ');
  if (failed.reason === 'BackoffLimitExceeded') {
    return { kind: 'failed', reason: 'MaxRestartsExceeded', message };
  }
  const left = (readTime(failed.lastTransitionTime) ?? now) + wordOfCoordinator - now;
  return left > 0
    ? { kind: 'wait', milliseconds: left, message }
    : { kind: 'failed', reason: 'WorkersFailed', message };
}
