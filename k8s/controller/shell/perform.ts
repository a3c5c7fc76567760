/** Does one action of a decision. What it throws is told and tried again later; nothing is decided here. */

import { ApiError, isGone } from '../../api/api-error.js';
import type { KubernetesApi } from '../../api/kubernetes-api.js';
import type { Kind, Place } from '../../api/resources.js';
import type { TrainingJobObject } from '../../crd/training-job-object.js';
import { controllerOf, type KubernetesObject } from '../../objects/kubernetes-objects.js';
import { digestOf } from '../children/child-metadata.js';
import type { Action, Presence } from '../reconcile/decision.js';
import type { WallTime } from '../reconcile/seen.js';
import type { ClusterView } from './cluster-view.js';
import type { JobAccounts } from './job-accounts.js';
import type { JobMemories } from './job-memories.js';

/** A name that the job needs is someone else's. */
export class NameTakenError extends Error {
  override readonly name = 'NameTakenError';
  readonly code = 'NAME_TAKEN';
}

export interface PerformOptions {
  readonly api: KubernetesApi;
  readonly view: ClusterView;
  readonly accounts: JobAccounts;
  readonly memories: JobMemories;
  readonly now: () => WallTime;
}

export async function perform(
  action: Action,
  job: TrainingJobObject,
  options: PerformOptions,
): Promise<void> {
  const { accounts, api, memories, now, view } = options;
  const { name, namespace, uid } = job.metadata;
  const see = (object: KubernetesObject): void => view.storeOf(object.kind as Kind)?.put(object);
  switch (action.kind) {
    case 'create':
      return see(await create(action.object, uid, api));
    case 'apply': {
      const applied = await apply(action.object, action.is, uid, api);
      see(applied);
      return memories.remember(uid, action.object.kind, digestOf(action.object), now());
    }
    case 'patch': {
      try {
        return see(
          await api.patch({ kind: action.of, namespace, name: action.name }, action.patch),
        );
      } catch (error) {
        // The last finalizer is out: the object went with it.
        if (isGone(error)) return;
        throw error;
      }
    }
    case 'remove':
      return api.remove({ kind: action.of, namespace, name: action.name }, action.uid);
    case 'push-account':
      await accounts.push({ name, uid });
      memories.of(uid).accountAt = now();
      return;
    case 'remove-account':
      await accounts.remove({ name, uid });
      memories.of(uid).isAccountRemoved = true;
      return;
  }
}

const isThere = (error: unknown): boolean =>
  error instanceof ApiError && error.reason === 'AlreadyExists';

async function create(
  object: KubernetesObject,
  owner: string,
  api: KubernetesApi,
): Promise<KubernetesObject> {
  try {
    return await api.create(object);
  } catch (error) {
    if (!isThere(error)) throw error;
  }
  const found = await api.get(placeOf(object));
  mustBeOf(owner, found, object);
  return found;
}

/**
 * An apply to something that is there would add our fields and our ownership to it, whosever it is, and it
 * would go with the job. So whose it is is asked first, by a patch that changes nothing: that is no right to
 * read, which for Secrets the controller does not have.
 */
async function apply(
  object: KubernetesObject,
  is: Presence,
  owner: string,
  api: KubernetesApi,
): Promise<KubernetesObject> {
  if (is === 'ours') return api.apply(object, true);
  if (is === 'absent') {
    try {
      return await api.create(object);
    } catch (error) {
      if (!isThere(error)) throw error;
    }
  }
  let found: KubernetesObject;
  try {
    found = await api.patch(placeOf(object), {});
  } catch (error) {
    if (isGone(error)) return api.create(object);
    throw error;
  }
  mustBeOf(owner, found, object);
  const { uid } = found.metadata;
  return api.apply({ ...object, metadata: { ...object.metadata, ...(uid && { uid }) } }, true);
}

/** @throws NameTakenError */
function mustBeOf(owner: string, found: KubernetesObject, { kind, metadata }: KubernetesObject) {
  const controller = controllerOf(found);
  if (controller?.uid === owner) return;
  const wished = controllerOf({ kind, metadata, apiVersion: '' });
  const isLeftover = controller?.kind === wished?.kind && controller?.name === wished?.name;
  throw new NameTakenError(
    `Cannot create ${kind} ${metadata.name}: there is one already, and it ` +
      (isLeftover ? 'goes with a deleted job of this name' : 'belongs to something else'),
  );
}

const placeOf = ({ kind, metadata }: KubernetesObject): Place => ({
  kind: kind as Kind,
  namespace: metadata.namespace ?? null,
  name: metadata.name,
});
