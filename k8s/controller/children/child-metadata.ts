/** What every child has: a name, whose it is, and the labels by which it is found. */
import { createHash } from 'node:crypto';
import type { TrainingJobObject } from '../../crd/training-job-object.js';
import { apiGroup, type Component, jobLabel, labelsOf } from '../../names.js';
import type {
  KubernetesObject,
  Metadata,
  OwnerReference,
} from '../../objects/kubernetes-objects.js';

export const managedBy = { 'app.kubernetes.io/managed-by': 'lockstep-controller' } as const;

/** Selects the children of all jobs. */
export const childrenSelector = `${jobLabel},app.kubernetes.io/managed-by=lockstep-controller`;

/** Digest of the child as it was last applied; another one is applied again. */
export const digestAnnotation = `${apiGroup}/applied`;

export const ownerOf = ({ apiVersion, kind, metadata }: TrainingJobObject): OwnerReference => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});

export const childLabels = (job: string, component?: Component): Record<string, string> => ({
  ...(component === undefined
    ? { 'app.kubernetes.io/name': 'lockstep', [jobLabel]: job }
    : labelsOf(job, component)),
  ...managedBy,
});

export const childMetadata = (
  object: TrainingJobObject,
  name: string,
  component?: Component,
): Metadata => ({
  name,
  namespace: object.metadata.namespace,
  labels: childLabels(object.metadata.name, component),
  ownerReferences: [ownerOf(object)],
});

export const digestOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);

/** The object with its digest among its annotations. */
export const withDigest = <Child extends KubernetesObject>(child: Child): Child => ({
  ...child,
  metadata: {
    ...child.metadata,
    annotations: { ...child.metadata.annotations, [digestAnnotation]: digestOf(child) },
  },
});
