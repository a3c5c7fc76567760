/** The cluster that a kubeconfig names, as commands of people use it. */
import type { KubeConfig } from '@kubernetes/client-node';
import { type Access, clusterAccess } from '../../../k8s/api/cluster-access.js';
import { ClusterApi } from '../../../k8s/api/cluster-api.js';
import type { Place } from '../../../k8s/api/resources.js';
import type { TrainingJobObject } from '../../../k8s/crd/training-job-object.js';
import { systemClock } from '../../../shared/clock.js';
import { UsageError } from '../../usage-error.js';
import { explained } from './cluster-error.js';
import type { Where } from './cluster-words.js';
import { readConfig } from './read-config.js';

export interface Cluster {
  readonly api: ClusterApi;
  /** What is written with it is checked by the server, and not kept. */
  readonly trial: ClusterApi;
  readonly config: KubeConfig;
  readonly context: string;
  readonly namespace: string;
  readonly server: string;
}

/** The owner of the fields that commands write. */
const manager = 'lockstep';

/** A person's command, not a loop. */
const rate = { perSecond: 50, burst: 50 };

/**
 * Does `work` on a cluster. Whatever its API server refuses is told as a person needs it.
 *
 * @throws UsageError, ClusterLostError
 */
export async function onCluster<Result>(
  where: Where,
  work: (cluster: Cluster) => Promise<Result>,
): Promise<Result> {
  const config = readConfig(where.context);
  const context = config.getCurrentContext();
  const namespace = where.namespace ?? config.getContextObject(context)?.namespace ?? 'default';
  const access = clusterAccess(systemClock, config);
  const parts = { access, clock: systemClock, rate, manager };
  const server = access.server.href.replace(/\/$/, '');
  const [api, trial] = [new ClusterApi(parts), new ClusterApi({ ...parts, dryRun: true })];
  try {
    await requireCredentials(access);
    return await work({ api, trial, config, context, namespace, server });
  } catch (error) {
    throw explained(error, `${server} (context ${context})`);
  } finally {
    access.close();
  }
}

/** A command of the kubeconfig may have to be asked for them, and fail in ways of its own. */
async function requireCredentials(access: Access): Promise<void> {
  try {
    await access.options();
  } catch (cause) {
    const { message } = cause as Error;
    throw new UsageError(`Cannot get the credentials that the kubeconfig names: ${message}`, {
      cause,
    });
  }
}

export const placeOf = ({ namespace }: Pick<Cluster, 'namespace'>, name: string): Place => ({
  kind: 'TrainingJob',
  namespace,
  name,
});

/** @throws ApiError */
export const readJob = async (cluster: Cluster, name: string): Promise<TrainingJobObject> =>
  (await cluster.api.get(placeOf(cluster, name))) as unknown as TrainingJobObject;

/** @throws ApiError */
export async function listJobs(
  { api }: Pick<Cluster, 'api'>,
  namespace: string | null,
): Promise<readonly TrainingJobObject[]> {
  const { items } = await api.list('TrainingJob', namespace, null);
  return items as unknown as readonly TrainingJobObject[];
}
