/** What a pod's status says, in the questions that decisions ask. */
import { type Component, jobLabel } from '../../names.js';
import {
  controllerOf,
  isConditionTrue,
  type JobObject,
  type PodObject,
  type TerminatedState,
} from '../../objects/kubernetes-objects.js';
import type { WallTime } from '../reconcile/seen.js';
import { readTime, sooner } from './times.js';

export const componentOf = ({ metadata }: PodObject): Component | null => {
  const component = metadata.labels?.['app.kubernetes.io/component'];
  return component === 'coordinator' || component === 'worker' ? component : null;
};

export const jobNameOf = ({ metadata }: PodObject): string | undefined =>
  metadata.labels?.[jobLabel];

/** Pods that the Job has made; those of a Job of the same name before it are not among them. */
export const podsMadeBy = (job: JobObject | null, pods: readonly PodObject[]): PodObject[] =>
  job === null ? [] : pods.filter((pod) => controllerOf(pod)?.uid === job.metadata.uid);

export const podsOf = (component: Component, pods: readonly PodObject[]): PodObject[] =>
  pods.filter((pod) => componentOf(pod) === component);

/** It runs or will: it holds its place on a machine. */
export const isActive = ({ status }: PodObject): boolean =>
  status?.phase !== 'Succeeded' && status?.phase !== 'Failed';

export const isLeaving = ({ metadata }: PodObject): boolean =>
  metadata.deletionTimestamp !== undefined;

/** A pod's end is due when its grace is over; its machine then says so within seconds, if it can. */
const overdueAfter = 15_000;

/** When a pod that is leaving is given up; null for one that nobody has told to leave. */
const givenUpAt = ({ metadata }: PodObject): WallTime | null => {
  const due = readTime(metadata.deletionTimestamp);
  return due === null ? null : due + overdueAfter;
};

/** It was told to leave, and its machine does not say that it has: nobody should wait for that. */
export const isOverdue = (pod: PodObject, now: WallTime): boolean => {
  const at = givenUpAt(pod);
  return at !== null && isActive(pod) && now > at;
};

/** Until the next of these pods is overdue; null where none will be. */
export const nextOverdue = (pods: readonly PodObject[], now: WallTime): number | null =>
  pods
    .filter((pod) => isActive(pod) && !isOverdue(pod, now))
    .map(givenUpAt)
    .map((at) => (at === null ? null : at + 1 - now))
    .reduce(sooner, null);

const reasonsOfNodes = ['Terminated', 'NodeShutdown', 'NodeLost', 'Evicted', 'Preempting'];

/**
 * Whether something other than the process ended it: a drained machine, a higher priority, a deletion.
 * Its exit code is then no word of the process about the run.
 */
export const isDisrupted = (pod: PodObject): boolean =>
  isLeaving(pod) ||
  isConditionTrue(pod.status?.conditions, 'DisruptionTarget') ||
  reasonsOfNodes.includes(pod.status?.reason ?? '');

export const isReady = (pod: PodObject): boolean =>
  isActive(pod) && isConditionTrue(pod.status?.conditions, 'Ready');

export const isRunning = (pod: PodObject): boolean =>
  isActive(pod) &&
  (pod.status?.containerStatuses?.some(({ state }) => state?.running !== undefined) ?? false);

/** How its process ended; undefined while it has not. */
export const endOf = (pod: PodObject): TerminatedState | undefined =>
  pod.status?.containerStatuses?.find(({ name }) => name === componentOf(pod))?.state?.terminated;
