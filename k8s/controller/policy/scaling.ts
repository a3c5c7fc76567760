/** `kubectl scale`: the workers' Job gets the size of the spec, parallelism and completions together. */

import type { JobObject } from '../../objects/kubernetes-objects.js';
import { replicasAnnotation } from '../children/worker-job.js';
import type { Action } from '../reconcile/decision.js';

/** `spec.maxRestarts` of a Job that is there already. */
export function limitRestarts({ metadata, spec }: JobObject, maxRestarts: number): Action[] {
  if (spec.backoffLimit === undefined || spec.backoffLimit === maxRestarts) return [];
  const patch = { metadata: { uid: metadata.uid }, spec: { backoffLimit: maxRestarts } };
  const reason = `spec.maxRestarts is ${maxRestarts}`;
  return [{ kind: 'patch', of: 'Job', name: metadata.name, patch, reason }];
}

/** @param isInQueue then only a new wish is written: what the queue made of the last one is the queue's */
export function scaleWorkers(worker: JobObject, replicas: number, isInQueue: boolean): Action[] {
  const { metadata, spec } = worker;
  const wished = metadata.annotations?.[replicasAnnotation];
  const hasSize = spec.parallelism === replicas && spec.completions === replicas;
  if (wished === String(replicas) && (hasSize || isInQueue)) return [];
  return [
    {
      kind: 'patch',
      of: 'Job',
      name: metadata.name,
      patch: {
        metadata: { uid: metadata.uid, annotations: { [replicasAnnotation]: String(replicas) } },
        spec: { parallelism: replicas, completions: replicas },
      },
      reason: `spec.workers.replicas is ${replicas}`,
    },
  ];
}
