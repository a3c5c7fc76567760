/** The pods of a training job, as commands look for them. */

import { type Component, labelsOf } from '../../../k8s/names.js';
import type { PodObject } from '../../../k8s/objects/kubernetes-objects.js';
import type { Cluster } from './open-cluster.js';

/** Their container has the name of what they are. */
export async function podsOf(
  { api, namespace }: Pick<Cluster, 'api' | 'namespace'>,
  job: string,
  component: Component,
): Promise<readonly PodObject[]> {
  const labels = Object.entries(labelsOf(job, component)).map(
    ([name, value]) => `${name}=${value}`,
  );
  const { items } = await api.list('Pod', namespace, labels.join(','));
  return items as readonly PodObject[];
}

/** Something has run in it, so that there is a log. */
export const hasBegun = ({ status }: PodObject): boolean =>
  status?.containerStatuses?.some(
    ({ state }) => (state?.running ?? state?.terminated) !== undefined,
  ) ?? false;

export const isRunning = ({ status }: PodObject): boolean =>
  status?.containerStatuses?.some(({ state }) => state?.running !== undefined) ?? false;

/** The oldest first. */
export const byAge = (a: PodObject, b: PodObject): number =>
  (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '');
