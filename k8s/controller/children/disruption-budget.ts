import { childNames, labelsOf } from '../../names.js';
import type { WrittenObject } from '../../objects/kubernetes-objects.js';
import { childMetadata } from './child-metadata.js';
import type { JobParts } from './job-parts.js';

/**
 * Keeps so many workers that training goes on while machines are drained. Never all of them: a budget
 * that allows no disruption would keep a machine from being drained for as long as the job trains, and
 * the job outlives a pause. Null where nothing would be kept.
 */
export function disruptionBudget({ object, resolved }: JobParts): WrittenObject | null {
  const { min, replicas } = resolved.workers;
  const minAvailable = Math.min(min, replicas - 1);
  if (minAvailable < 1) return null;
  const { name } = object.metadata;
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: childMetadata(object, childNames(name).disruptionBudget, 'worker'),
    spec: {
      minAvailable,
      // Else the pods of a job that cannot run at all would keep their machines from being drained, for ever.
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: labelsOf(name, 'worker') },
    },
  };
}
