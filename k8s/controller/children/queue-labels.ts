/** Kueue: a job with a queue's name waits until the queue lets it start. */
import type { TrainingJobObject } from '../../crd/training-job-object.js';

const queueName = 'kueue.x-k8s.io/queue-name';
const passedOn = [queueName, 'kueue.x-k8s.io/priority-class'];

/** Labels for the Job of the workers; null where nobody queues it. */
export function queueLabels({ metadata }: TrainingJobObject): Record<string, string> | null {
  const { labels = {} } = metadata;
  if (labels[queueName] === undefined) return null;
  return Object.fromEntries(
    passedOn.flatMap((name) => (labels[name] ? [[name, labels[name]]] : [])),
  );
}
