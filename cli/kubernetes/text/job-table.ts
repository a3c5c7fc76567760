/** Training jobs, a line each: the columns of `kubectl get trainingjobs`. Pure. */
import type { TrainingJobObject } from '../../../k8s/crd/training-job-object.js';
import { aligned } from '../../output/text/aligned.js';
import { age } from './age.js';

export function jobTable(
  jobs: readonly TrainingJobObject[],
  { now, namespaces }: { readonly now: number; readonly namespaces: boolean },
): string {
  const header = ['NAME', 'STATE', 'WORKERS', 'STEP', 'LOSS', 'RESTARTS', 'AGE'];
  const rows = jobs.map((job) => {
    const { metadata, status } = job;
    const { step, totalSteps } = status ?? {};
    return [
      ...(namespaces ? [metadata.namespace] : []),
      metadata.name,
      stateOf(job),
      status?.workers?.summary ?? '-',
      step === undefined ? '-' : `${step}/${totalSteps ?? '?'}`,
      status?.loss?.toFixed(4) ?? '-',
      String(status?.restarts ?? 0),
      age(metadata.creationTimestamp, now),
    ];
  });
  const texts = namespaces ? 3 : 2;
  return aligned([[...(namespaces ? ['NAMESPACE'] : []), ...header], ...rows], texts).join('\n');
}

/** A job that the controller has not seen yet has no state of its own. */
export const stateOf = ({ metadata, status }: TrainingJobObject): string =>
  metadata.deletionTimestamp === undefined ? (status?.state ?? 'New') : 'Terminating';
