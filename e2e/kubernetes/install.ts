/** Installs Lockstep as a user would, and waits until it is ready. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../shared/project-root.js';
import { apply, get, kubectl, until } from './kubectl.js';

const system = 'lockstep-system';
const natsServers = 3;

/** @param folder for the volumes of nats-server, where the cluster provisions none itself */
export async function install(folder: string): Promise<void> {
  const { items } = await get('storageclass');
  if (items.length === 0) await makeVolumes(folder);
  const file = fileURLToPath(new URL('k8s/install.yaml', projectRoot));
  await kubectl(['apply', '--server-side', '-f', file]);
  await kubectl(['wait', '--for=condition=Established', 'crd/trainingjobs.lockstep.dev']);
  const isWhole = ({ status }: { status?: { readyReplicas?: number } }) =>
    status?.readyReplicas === natsServers;
  await until(['-n', system, 'statefulset', 'lockstep-nats'], 'NATS is ready', isWhole, 120);
  await kubectl(['rollout', 'status', '-n', system, 'deployment/lockstep-controller']);
}

async function makeVolumes(folder: string): Promise<void> {
  for (let number = 0; number < natsServers; number++) {
    const path = join(folder, 'nats', String(number));
    mkdirSync(path, { recursive: true });
    // The server in the pod is another user.
    chmodSync(path, 0o777);
    await apply({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: `nats-${number}` },
      spec: {
        capacity: { storage: '100Gi' },
        accessModes: ['ReadWriteOnce'],
        hostPath: { path },
      },
    });
  }
}
