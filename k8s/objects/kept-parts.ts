/**
 * Of what is watched, only what decisions read is kept: a pod's spec and the record of who wrote which field
 * are most of a cluster's size, and of 500 jobs they would be hundreds of megabytes.
 */
import type { JobObject, KubernetesObject, PodObject } from './kubernetes-objects.js';

export function keptOf(object: KubernetesObject): KubernetesObject {
  const kept = withoutBookkeeping(object);
  if (object.kind === 'Pod') return keptOfPod(kept);
  if (object.kind === 'Job') return keptOfJob(kept as JobObject);
  return kept;
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

function withoutBookkeeping(object: KubernetesObject): KubernetesObject {
  const { managedFields: _, ...metadata } = object.metadata as KubernetesObject['metadata'] & {
    readonly managedFields?: unknown;
  };
  if (metadata.annotations?.[lastApplied] === undefined) return { ...object, metadata };
  const { [lastApplied]: __, ...annotations } = metadata.annotations;
  return { ...object, metadata: { ...metadata, annotations } };
}

function keptOfPod({ apiVersion, kind, metadata, spec, status }: PodObject): PodObject {
  const { conditions, containerStatuses, message, phase, reason } = status ?? {};
  const { annotations: _, ...named } = metadata;
  return {
    ...{ apiVersion, kind, metadata: named },
    ...(spec?.nodeName !== undefined && { spec: { nodeName: spec.nodeName } }),
    status: {
      ...(phase !== undefined && { phase }),
      ...(reason !== undefined && { reason }),
      ...(message !== undefined && { message }),
      ...(conditions !== undefined && { conditions }),
      ...(containerStatuses !== undefined && {
        containerStatuses: containerStatuses.map(({ name, ready, state }) => ({
          name,
          ...(ready !== undefined && { ready }),
          ...(state !== undefined && { state }),
        })),
      }),
    },
  };
}

function keptOfJob(job: JobObject): JobObject {
  const { template: _, ...spec } = job.spec as JobObject['spec'] & { readonly template?: unknown };
  return { ...job, spec };
}
