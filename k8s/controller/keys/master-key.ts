/**
 * The installation's one secret: 32 bytes at random in the Secret `lockstep-keys`, made by the controller
 * that starts first. Everything else is derived from it (k8s/nats/keys.ts). Without it no job's pods could
 * be let in again, so it is never written over.
 */
import { randomBytes } from 'node:crypto';
import { isConflict, isGone } from '../../api/api-error.js';
import type { KubernetesApi } from '../../api/kubernetes-api.js';
import { deriveKeys, type Keys, masterKeyBytes } from '../../nats/keys.js';
import { natsAuthSecret } from '../../nats/server-auth.js';
import type { KubernetesObject, WrittenObject } from '../../objects/kubernetes-objects.js';
import { managedBy } from '../children/child-metadata.js';

export const keysSecretName = 'lockstep-keys';
const field = 'master.key';

/** @throws ApiError, MasterKeyError */
export async function openKeys(api: KubernetesApi, namespace: string): Promise<Keys> {
  const keys = deriveKeys(await readMasterKey(api, namespace));
  // nats-server waits for it to be mounted. The same keys give the same text, so this changes nothing later.
  await api.apply(natsAuthSecret(keys, namespace), true);
  return keys;
}

async function readMasterKey(api: KubernetesApi, namespace: string): Promise<Uint8Array> {
  const place = { kind: 'Secret', namespace, name: keysSecretName } as const;
  try {
    return keyIn(await api.get(place));
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  try {
    return keyIn(await api.create(newSecret(namespace)));
  } catch (error) {
    // Another controller was faster.
    if (!isConflict(error)) throw error;
    return keyIn(await api.get(place));
  }
}

const newSecret = (namespace: string): WrittenObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: keysSecretName,
    namespace,
    labels: { 'app.kubernetes.io/name': 'lockstep', ...managedBy },
  },
  type: 'Opaque',
  immutable: true,
  data: { [field]: randomBytes(masterKeyBytes).toString('base64') },
});

function keyIn(secret: KubernetesObject): Uint8Array {
  const { data } = secret as KubernetesObject & { readonly data?: Record<string, string> };
  return Buffer.from(data?.[field] ?? '', 'base64');
}
