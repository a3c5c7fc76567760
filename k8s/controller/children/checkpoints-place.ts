/** Where a job's checkpoints are, as its processes are told, and what their pods need for that. */
import { childNames } from '../../names.js';
import type { JobParts } from './job-parts.js';
import { fromSecret } from './secret.js';

export interface CheckpointsPlace {
  /** For `--checkpoints`. */
  readonly location: string;
  readonly volumes: readonly object[];
  readonly mounts: readonly object[];
  readonly env: readonly object[];
  /** Whether it is there when all pods of the job are gone. */
  readonly isDurable: boolean;
}

const mountPath = '/checkpoints';

export function checkpointsPlace({ object, resolved }: JobParts): CheckpointsPlace {
  const checkpoints = resolved.cluster.kubernetes.checkpoints;
  if (checkpoints?.claim !== undefined) {
    return onClaim(checkpoints.claim.name, checkpoints.claim.subPath);
  }
  if (checkpoints?.volume !== undefined) {
    return onClaim(childNames(object.metadata.name).checkpoints);
  }
  if (checkpoints?.s3 !== undefined) {
    const { endpoint, region, secretName, url } = checkpoints.s3;
    return {
      location: url,
      volumes: [],
      mounts: [],
      env: [
        ...variable('AWS_ENDPOINT_URL_S3', endpoint),
        ...variable('AWS_REGION', region),
        fromSecret('AWS_ACCESS_KEY_ID', secretName),
        fromSecret('AWS_SECRET_ACCESS_KEY', secretName),
        fromSecret('AWS_SESSION_TOKEN', secretName, true),
      ],
      isDurable: true,
    };
  }
  return { location: 'workers', volumes: [], mounts: [], env: [], isDurable: false };
}

const onClaim = (claimName: string, subPath?: string): CheckpointsPlace => ({
  location: mountPath,
  volumes: [{ name: 'checkpoints', persistentVolumeClaim: { claimName } }],
  mounts: [{ name: 'checkpoints', mountPath, ...(subPath !== undefined && { subPath }) }],
  env: [],
  isDurable: true,
});

const variable = (name: string, value: string | undefined): object[] =>
  value === undefined ? [] : [{ name, value }];
