/**
 * How the API server is reached: address, certificate, token, by a kubeconfig or by what a pod is given.
 * Tokens of pods are renewed on disk, so they are read again from time to time.
 */
import { Agent, type RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../../shared/clock.js';

/** Kubernetes renews a token long before its end. */
const readAgainAfter = 30_000;

export interface Access {
  readonly server: URL;
  options(): Promise<RequestOptions>;
  close(): void;
}

/** As kubectl finds it: KUBECONFIG, the home folder's file, or what a pod is given. */
export function ownKubeConfig(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromDefault();
  return config;
}

export function clusterAccess(clock: Clock, config: KubeConfig = ownKubeConfig()): Access {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('Cannot reach a cluster: the kubeconfig names none');
  let agent: Agent | null = null;
  let known: { readonly at: number; readonly options: RequestOptions } | null = null;
  let authority: string | null = null;
  return {
    server: new URL(cluster.server),
    async options() {
      const now = clock.now();
      if (known !== null && now - known.at < readAgainAfter) return known.options;
      const given: RequestOptions = {};
      await config.applyToHTTPSOptions(given);
      const { ca, cert, key, servername, rejectUnauthorized, headers, auth } = given;
      const seal = [ca, cert, key].map((part) => String(part)).join('\n');
      if (agent === null || seal !== authority) {
        // Connections are kept: a handshake costs more than most requests.
        const tls = { ca, cert, key, servername, rejectUnauthorized };
        agent = cluster.proxyUrl ? (given.agent as Agent) : new Agent({ keepAlive: true, ...tls });
        authority = seal;
      }
      known = { at: now, options: { agent, ...(headers && { headers }), ...(auth && { auth }) } };
      return known.options;
    },
    close: () => agent?.destroy(),
  };
}
