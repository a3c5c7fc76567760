/** Kueue: a job with a queue's name waits until the queue lets it start. */
import type { TrainingJobObject } from '../../crd/training-job-object.js';
import type { JobObject } from '../../objects/kubernetes-objects.js';

const queueName = 'kueue.x-k8s.io/queue-name';
const passedOn = [queueName, 'kueue.x-k8s.io/priority-class'];

/** Labels for the Job of the workers; null where nobody queues it. */
export function queueLabels({ metadata }: TrainingJobObject): Record<string, string> | null {
  const { labels = {} } = metadata;
  // An empty one names no queue: what waits for it would wait for ever.
  if (!labels[queueName]) return null;
  return Object.fromEntries(
    passedOn.flatMap((name) => (labels[name] ? [[name, labels[name]]] : [])),
  );
}

/**
 * Whether a queue decides about a Job that is there: what it was made with counts, and not what the labels of
 * the TrainingJob have become since; and Kueue itself gives Jobs without a queue that of their namespace.
 */
export const isInQueue = ({ metadata }: JobObject): boolean => !!metadata.labels?.[queueName];
