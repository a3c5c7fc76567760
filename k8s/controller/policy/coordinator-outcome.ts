/**
 * What the end of a coordinator's process means for the job (shared/exit-codes.ts):
 *
 *   0        the training is done: Complete
 *   1, 2, 3  it would end the same way again: Failed, with the coordinator's own message
 *   5        `lockstep stop`: the user wants it to rest, with a checkpoint: as if `spec.suspend` were set,
 *            and the controller sets it
 *   others   lost on its way (4, out of memory, a signal): Kubernetes makes the next pod, which goes on
 *
 * A process that somebody else ended (a drained machine, a deleted pod) says nothing about the run,
 * whatever its exit code is.
 */

import { exitCodes } from '../../../shared/exit-codes.js';
import { apiGroup } from '../../names.js';
import {
  isConditionTrue,
  type JobObject,
  type PodObject,
  type TerminatedState,
} from '../../objects/kubernetes-objects.js';
import { type LastWords, nothing, readLastWords } from './last-words.js';
import { endOf, isDisrupted, podsMadeBy } from './pods.js';

export type CoordinatorOutcome =
  | { readonly kind: 'none' }
  | { readonly kind: 'complete'; readonly words: LastWords }
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string }
  /** Answered: its Job is suspended already, so this is what it rests for, and no new wish. */
  | { readonly kind: 'stopped'; readonly isAnswered: boolean };

/**
 * Of the coordinator's Job: pods that had ended before it was last resumed. What they said was answered
 * then; a list, since clocks of machines differ.
 */
export const pastPodsAnnotation = `${apiGroup}/past-pods`;

const reasons: Readonly<Record<number, string>> = {
  [exitCodes.internal]: 'CoordinatorFailed',
  [exitCodes.usage]: 'UnusableJob',
  [exitCodes.training]: 'TrainingFailed',
};

export function coordinatorOutcome(
  job: JobObject | null,
  pods: readonly PodObject[],
): CoordinatorOutcome {
  const ended = podsMadeBy(job, pods).flatMap((pod) => {
    const end = endOf(pod);
    return end === undefined ? [] : [{ pod, end }];
  });
  // A run that is done is done, whoever deletes the pod that has said so.
  const done = ended.find(({ end }) => end.exitCode === exitCodes.success);
  if (done !== undefined) {
    return { kind: 'complete', words: readLastWords(done.end.message) };
  }
  // The pod may be gone by the time that anyone looks.
  if ((job?.status?.succeeded ?? 0) > 0 || isConditionTrue(job?.status?.conditions, 'Complete')) {
    return { kind: 'complete', words: nothing };
  }
  const past = pastPods(job);
  const ownEnds = ended.filter(
    ({ pod }) => !isDisrupted(pod) && !past.includes(pod.metadata.uid ?? ''),
  );
  const failed = ownEnds.find(({ end }) => reasons[end.exitCode] !== undefined);
  if (failed !== undefined) return failureOf(failed.pod, failed.end);
  const isStopped = ownEnds.some(
    // The same code, where it was only told to go: the next one leads.
    ({ end }) => end.exitCode === exitCodes.stopped && !readLastWords(end.message).hasLeft,
  );
  return isStopped ? { kind: 'stopped', isAnswered: job?.spec.suspend === true } : { kind: 'none' };
}

function failureOf({ metadata }: PodObject, end: TerminatedState): CoordinatorOutcome {
  const { message } = readLastWords(end.message);
  const told = message === '' ? `see kubectl logs ${metadata.name}` : message;
  return {
    kind: 'failed',
    reason: reasons[end.exitCode] ?? '',
    message: `The coordinator ended with exit code ${end.exitCode}: ${told}`,
  };
}

const pastPods = (job: JobObject | null): string[] =>
  job?.metadata.annotations?.[pastPodsAnnotation]?.split(',') ?? [];

/** Some thousand uids fill the room that Kubernetes gives all annotations. */
const pastPodsMax = 1000;

/** What the annotation says when a Job is resumed. */
export const pastPodsText = (job: JobObject, pods: readonly PodObject[]): string =>
  podsMadeBy(job, pods)
    .filter((pod) => endOf(pod) !== undefined)
    .map(({ metadata }) => metadata.uid)
    .slice(-pastPodsMax)
    .join(',');
