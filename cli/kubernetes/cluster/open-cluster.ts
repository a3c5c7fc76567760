/** The cluster that a kubeconfig names, as commands of people use it. */
import type { KubeConfig } from '@kubernetes/client-node';
import { clusterAccess, ownKubeConfig } from '../../../k8s/api/cluster-access.js';
import { ClusterApi } from '../../../k8s/api/cluster-api.js';
import type { Place } from '../../../k8s/api/resources.js';
import type { TrainingJobObject } from '../../../k8s/crd/training-job-object.js';
import { systemClock } from '../../../shared/clock.js';
import { UsageError } from '../../usage-error.js';
import { explained } from './cluster-error.js';
import type { Where } from './cluster-words.js';

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
  const config = configOf(where);
  const context = config.getCurrentContext();
  const namespace = where.namespace ?? config.getContextObject(context)?.namespace ?? 'default';
  const access = clusterAccess(systemClock, config);
  const parts = { access, clock: systemClock, rate, manager };
  const server = access.server.href.replace(/\/$/, '');
  const [api, trial] = [new ClusterApi(parts), new ClusterApi({ ...parts, dryRun: true })];
  try {
    return await work({ api, trial, config, context, namespace, server });
  } catch (error) {
    throw explained(error, `${server} (context ${context})`);
  } finally {
    access.close();
  }
}

function configOf({ context }: Where): KubeConfig {
  const config = read();
  if (context !== null) {
    const names = config.getContexts().map(({ name }) => name);
    if (!names.includes(context)) {
      const known = names.map((name) => JSON.stringify(name)).join(', ');
      throw new UsageError(`--context must be one of ${known}: current value is "${context}"`);
    }
    config.setCurrentContext(context);
  }
  const cluster = config.getCurrentCluster();
  // What the client assumes where it has found nothing.
  if (cluster === null || cluster.server === 'http://localhost:8080') {
    throw new UsageError(
      'Cannot find a cluster: neither KUBECONFIG nor .kube/config in the home folder names one',
    );
  }
  if (!cluster.server.startsWith('https:')) {
    throw new UsageError(
      `Cannot use the cluster of the context "${config.getCurrentContext()}": its server must be an ` +
        `https address: it is ${cluster.server}`,
    );
  }
  return config;
}

function read(): KubeConfig {
  try {
    return ownKubeConfig();
  } catch (cause) {
    throw new UsageError(`Cannot read the kubeconfig: ${(cause as Error).message}`, { cause });
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
