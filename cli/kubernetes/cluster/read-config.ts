/** The kubeconfig of whoever types a command, with words for what is wrong with it. */
import type { Cluster, KubeConfig } from '@kubernetes/client-node';
import { ownKubeConfig } from '../../../k8s/api/cluster-access.js';
import { UsageError } from '../../usage-error.js';

/** What the client assumes where it has found nothing. */
const assumed = 'http://localhost:8080';

/**
 * @param context of the kubeconfig; null for its current one
 * @throws UsageError
 */
export function readConfig(context: string | null): KubeConfig {
  const config = read();
  const names = config.getContexts().map(({ name }) => name);
  const known = names.map((name) => JSON.stringify(name)).join(', ');
  if (context !== null && !names.includes(context)) {
    throw new UsageError(`--context must be one of ${known}: current value is "${context}"`);
  }
  if (context !== null) config.setCurrentContext(context);
  const current = config.getCurrentContext();
  const found = config.getContextObject(current);
  if (found === null) {
    throw new UsageError(
      names.length === 0
        ? 'Cannot find a cluster: the kubeconfig has no context'
        : `Cannot choose a cluster: the kubeconfig has no current context: give --context one of ${known}`,
    );
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new UsageError(
      `Cannot find a cluster: the context "${current}" names "${found.cluster}", which the kubeconfig has not`,
    );
  }
  requireServer(cluster, current);
  return config;
}

function requireServer({ server }: Cluster, context: string): void {
  if (server === assumed) {
    throw new UsageError(
      'Cannot find a cluster: neither KUBECONFIG nor .kube/config in the home folder names one',
    );
  }
  if (!server.startsWith('https:')) {
    throw new UsageError(
      `Cannot use the cluster of the context "${context}": its server must be an https address: it begins with ${JSON.stringify(server.split('//')[0])}`,
    );
  }
}

function read(): KubeConfig {
  try {
    return ownKubeConfig();
  } catch (cause) {
    // The client reads fields of what may be nothing at all.
    const why = cause instanceof TypeError ? 'it is none' : (cause as Error).message.split('\n')[0];
    const file = process.env.KUBECONFIG ?? '.kube/config in the home folder';
    throw new UsageError(`Cannot read the kubeconfig ${file}: ${why}`, { cause });
  }
}
