/**
 * All that the controller may do, and why: the manifests' roles are made of this table and a test compares
 * them. There is no right to get or list a Secret or a ConfigMap of anyone's, none to run anything in a pod, and
 * none to delete one. Who may patch is answered with the object: RBAC has nothing narrower.
 */
import { apiGroup, plural } from '../names.js';
import { natsAuthSecretName } from '../nats/server-auth.js';
import { keysSecretName } from './keys/master-key.js';
import { leaseName } from './leader/leader-election.js';

/** As in a Role of `rbac.authorization.k8s.io/v1`. */
export interface Right {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const watched = ['get', 'list', 'watch'] as const;

/** Wherever jobs may be: a ClusterRole, or a Role of LOCKSTEP_NAMESPACE. */
export const rightsOverJobs: readonly Right[] = [
  // The finalizer and `spec.suspend` after `lockstep stop`; the time to live.
  { apiGroups: [apiGroup], resources: [plural], verbs: [...watched, 'patch', 'delete'] },
  { apiGroups: [apiGroup], resources: [`${plural}/status`], verbs: ['patch'] },
  // To be named as an owner that blocks (OwnerReferencesPermissionEnforcement).
  { apiGroups: [apiGroup], resources: [`${plural}/finalizers`], verbs: ['update'] },
  { apiGroups: ['batch'], resources: ['jobs'], verbs: [...watched, 'create', 'patch', 'delete'] },
  { apiGroups: [''], resources: ['pods'], verbs: watched },
  // Written; whose one is that is there already shows in the answer to a patch.
  { apiGroups: [''], resources: ['secrets', 'configmaps'], verbs: ['create', 'patch'] },
  {
    apiGroups: [''],
    resources: ['services', 'persistentvolumeclaims'],
    verbs: [...watched, 'create', 'patch'],
  },
  {
    apiGroups: ['policy'],
    resources: ['poddisruptionbudgets'],
    verbs: [...watched, 'create', 'patch', 'delete'],
  },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] },
];

/** In the namespace of the installation: a Role. */
export const rightsOverInstallation: readonly Right[] = [
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
  {
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    resourceNames: [leaseName],
    verbs: ['get', 'update'],
  },
  // Names cannot be given for what does not exist yet.
  { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
  { apiGroups: [''], resources: ['secrets'], resourceNames: [keysSecretName], verbs: ['get'] },
  {
    apiGroups: [''],
    resources: ['secrets'],
    resourceNames: [natsAuthSecretName],
    verbs: ['patch'],
  },
  // The one who leads labels its own pod, so that reports come to it.
  { apiGroups: [''], resources: ['pods'], verbs: ['patch'] },
];
