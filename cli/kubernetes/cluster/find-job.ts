import { isGone } from '../../../k8s/api/api-error.js';
import type { TrainingJobObject } from '../../../k8s/crd/training-job-object.js';
import { UsageError } from '../../usage-error.js';
import { type Cluster, listJobs, readJob } from './open-cluster.js';

/** More names are no help. */
const namesShown = 8;

/** The job of a name, or words about those that are there. @throws UsageError, ApiError */
export async function findJob(cluster: Cluster, name: string): Promise<TrainingJobObject> {
  try {
    return await readJob(cluster, name);
  } catch (error) {
    if (!isGone(error)) throw error;
    // The same answer comes of a cluster without the definition: then this fails, and says so.
    const names = (await listJobs(cluster, cluster.namespace)).map(({ metadata }) => metadata.name);
    throw new UsageError(missing(name, cluster.namespace, names), { cause: error });
  }
}

export function missing(name: string, namespace: string, names: readonly string[]): string {
  const shown = names.slice(0, namesShown).join(', ');
  const more = names.length > namesShown ? ` and ${names.length - namesShown} more` : '';
  const there = names.length === 0 ? 'there is none' : `there are ${shown}${more}`;
  return (
    `Cannot find the training job "${name}" in the namespace "${namespace}": ${there} ` +
    '(other namespaces: lockstep list --all-namespaces)'
  );
}
