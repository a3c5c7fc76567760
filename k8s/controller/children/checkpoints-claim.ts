import { childNames } from '../../names.js';
import type { WrittenObject } from '../../objects/kubernetes-objects.js';
import { childMetadata } from './child-metadata.js';
import type { JobParts } from './job-parts.js';

/** The volume that is made for the job's checkpoints, and goes with it; null where it has another place. */
export function checkpointsClaim({ object, resolved }: JobParts): WrittenObject | null {
  const volume = resolved.cluster.kubernetes.checkpoints?.volume;
  if (volume === undefined) return null;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: childMetadata(object, childNames(object.metadata.name).checkpoints),
    spec: {
      accessModes: volume.accessModes,
      resources: { requests: { storage: volume.size } },
      ...(volume.storageClassName !== undefined && { storageClassName: volume.storageClassName }),
    },
  };
}
