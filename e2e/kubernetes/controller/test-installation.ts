/**
 * What a controller needs around it, on the cluster of KUBECONFIG: the definition, its namespace, a
 * nats-server that trusts keys which this process knows too, and a client of its own.
 */
import { readFileSync } from 'node:fs';
import { isConflict } from '../../../k8s/api/api-error.js';
import { clusterAccess } from '../../../k8s/api/cluster-access.js';
import { ClusterApi } from '../../../k8s/api/cluster-api.js';
import { definitionPath } from '../../../k8s/crd/definition-file.js';
import { deriveKeys, type Keys, masterKeyBytes } from '../../../k8s/nats/keys.js';
import {
  type OperatorServers,
  startOperatorServers,
} from '../../../k8s/nats/operator-servers-fixture.js';
import { systemClock } from '../../../shared/clock.js';
import { projectRoot } from '../../../shared/project-root.js';
import { kubectl } from '../kubectl.js';

export const systemNamespace = 'lockstep-system';

export interface TestInstallation {
  readonly api: ClusterApi;
  readonly keys: Keys;
  readonly nats: OperatorServers;
  close(): Promise<void>;
}

export async function openTestInstallation(): Promise<TestInstallation> {
  const master = Buffer.alloc(masterKeyBytes, 7);
  const keys = deriveKeys(master);
  const nats = await startOperatorServers(keys, 1);
  const access = clusterAccess(systemClock);
  const rate = { perSecond: 2_000, burst: 2_000 };
  const api = new ClusterApi({ access, clock: systemClock, rate, manager: 'lockstep-controller' });
  const definition = readFileSync(new URL(definitionPath, projectRoot), 'utf8');
  await kubectl(['apply', '--server-side', '-f', '-'], definition);
  await kubectl(['wait', '--for=condition=Established', 'crd/trainingjobs.lockstep.dev']);
  const make = async (object: object): Promise<void> => {
    await api.create(object as never).catch((error: unknown) => {
      if (!isConflict(error)) throw error;
    });
  };
  // `namespaces` is no kind that the controller knows.
  await kubectl(['create', 'namespace', systemNamespace]);
  await make({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'lockstep-keys', namespace: systemNamespace },
    data: { 'master.key': master.toString('base64') },
  });
  return {
    api,
    keys,
    nats,
    async close() {
      access.close();
      await nats.stop();
    },
  };
}

/** The environment of a controller of that installation. */
export const controllerEnvironment = (
  { nats }: TestInstallation,
  ports: { readonly reports: number; readonly metrics: number },
): NodeJS.ProcessEnv => ({
  ...process.env,
  LOCKSTEP_NATS_URL: nats.url,
  LOCKSTEP_NATS_SERVERS: '1',
  LOCKSTEP_COORDINATOR_IMAGE: 'localhost/lockstep-coordinator:test',
  LOCKSTEP_HOST: '127.0.0.1',
  LOCKSTEP_REPORT_PORT: String(ports.reports),
  LOCKSTEP_METRICS_PORT: String(ports.metrics),
  POD_NAME: 'lockstep-controller-test',
  POD_NAMESPACE: systemNamespace,
});

/** A job that asks for nothing. */
export const testJob = (name: string, spec: object = {}) => ({
  apiVersion: 'lockstep.dev/v1alpha1',
  kind: 'TrainingJob',
  metadata: { name, namespace: 'default' },
  spec: {
    data: { path: '/data/movielens' },
    objective: { negatives: { total: 128 } },
    workers: { replicas: 2, min: 1 },
    lanes: 8,
    ...spec,
  },
});
