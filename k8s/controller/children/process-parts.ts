/** How a job's processes reach NATS, and the files that prove who they are. */
import { type Component, childNames } from '../../names.js';
import type { JobParts } from './job-parts.js';
import { secretMode, secretPath } from './pod-template.js';
import { secretFiles } from './secret.js';

export const natsEnv = ({ installation, resolved }: JobParts, component: Component): object[] => {
  const own = resolved.cluster.kubernetes.nats;
  return [
    { name: 'LOCKSTEP_NATS_URL', value: own?.url ?? installation.nats.url },
    // A stream can have at most as many copies as there are servers; of someone's own we know one.
    {
      name: 'LOCKSTEP_NATS_REPLICAS',
      value: String(own === undefined ? Math.min(3, installation.nats.servers) : 1),
    },
    {
      name: 'LOCKSTEP_NATS_CREDENTIALS_FILE',
      value: `${secretPath}/${secretFiles[component]}`,
    },
  ];
};

/** One volume with a role's files: the job's own, and credentials of the user's servers where there are such. */
export function secretVolume({ object, resolved }: JobParts, component: Component): object {
  const own = resolved.cluster.kubernetes.nats;
  const ours =
    component === 'coordinator' ? [secretFiles.report, secretFiles.operator] : [secretFiles.links];
  const creds = secretFiles[component];
  const from = (name: string, files: readonly string[]): object => ({
    secret: { name, items: files.map((file) => ({ key: file, path: file })) },
  });
  const { secret } = childNames(object.metadata.name);
  return {
    name: 'secret',
    projected: {
      defaultMode: secretMode,
      sources:
        own === undefined
          ? [from(secret, [...ours, creds])]
          : [from(secret, ours), from(own.secretName, [creds])],
    },
  };
}
