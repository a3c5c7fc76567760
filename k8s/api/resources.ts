/** Where the API server has the kinds that the controller knows; the table of its rights is `rights.ts`. */
import { apiGroup, apiVersion, plural } from '../names.js';

export const resources = {
  TrainingJob: { group: apiGroup, version: apiVersion, plural },
  Job: { group: 'batch', version: 'v1', plural: 'jobs' },
  Pod: { group: '', version: 'v1', plural: 'pods' },
  Secret: { group: '', version: 'v1', plural: 'secrets' },
  ConfigMap: { group: '', version: 'v1', plural: 'configmaps' },
  Service: { group: '', version: 'v1', plural: 'services' },
  PersistentVolumeClaim: { group: '', version: 'v1', plural: 'persistentvolumeclaims' },
  PodDisruptionBudget: { group: 'policy', version: 'v1', plural: 'poddisruptionbudgets' },
  Lease: { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' },
  Event: { group: 'events.k8s.io', version: 'v1', plural: 'events' },
} as const;

export type Kind = keyof typeof resources;

export const apiVersionOf = (kind: Kind): string => {
  const { group, version } = resources[kind];
  return group === '' ? version : `${group}/${version}`;
};

export interface Place {
  readonly kind: Kind;
  /** Null: all namespaces. */
  readonly namespace: string | null;
  readonly name?: string;
  readonly subresource?: 'status';
}

export function pathOf({ kind, namespace, name, subresource }: Place): string {
  const { group, version, plural: resource } = resources[kind];
  return [
    group === '' ? `/api/${version}` : `/apis/${group}/${version}`,
    ...(namespace === null ? [] : ['namespaces', namespace]),
    resource,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ].join('/');
}
