/** A cluster could not be asked, or has refused. */
import { ApiError } from '../../../k8s/api/api-error.js';
import { plural } from '../../../k8s/names.js';
import { UsageError } from '../../usage-error.js';

/** Nobody answers, or not in time; asked again later, the same command may do. */
export class ClusterLostError extends Error {
  override readonly name = 'ClusterLostError';
  readonly code = 'CLUSTER_LOST';
}

/** What the server says of a path that it does not serve, without an object that it could name. */
const unknownKind = /^the server could not find the requested resource|404 page not found/;

/** Another writer owns fields of what is applied. */
const fieldConflict = /^Apply failed with \d+ conflict/;

/**
 * What the API server's answer means for whoever typed the command.
 *
 * @param server its address, for people
 */
export function explained(error: unknown, server: string): unknown {
  if (!(error instanceof ApiError)) return error;
  const { cause, message, reason, status } = error;
  const text = cause instanceof Error ? cause.message : message;
  const said = message.replace(/^Cannot [^:]*: /, '');
  if (status === 0) {
    return new ClusterLostError(`Cannot reach the cluster at ${server}: ${text}`, { cause: error });
  }
  if (status >= 500 || status === 429) {
    return new ClusterLostError(`The cluster at ${server} cannot answer now (${status}): ${said}`, {
      cause: error,
    });
  }
  return new UsageError(`${message}${advice({ reason, said, status })}`, { cause: error });
}

function advice({
  reason,
  said,
  status,
}: {
  readonly reason: string;
  readonly said: string;
  readonly status: number;
}): string {
  if (status === 401) return ': the kubeconfig shows nobody whom the cluster knows: log in again';
  if (status === 403 && reason === 'Forbidden') {
    return `: whoever administers the cluster can allow it, by a role for ${plural}.lockstep.dev`;
  }
  if (status === 404 && unknownKind.test(said)) {
    return ': it knows no TrainingJob; install Lockstep there first: kubectl apply --server-side -f k8s/install.yaml';
  }
  if (status === 409 && fieldConflict.test(said)) {
    return ': somebody else has set these fields; --force sets them anew';
  }
  return '';
}
