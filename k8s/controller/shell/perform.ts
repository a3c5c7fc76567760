/** Does one action of a decision. What it throws is told and tried again later; nothing is decided here. */

import type { TrainingJobObject } from '../../crd/training-job-object.js';
import { ApiError, isConflict, isGone } from '../api/api-error.js';
import type { KubernetesApi } from '../api/kubernetes-api.js';
import type { Kind } from '../api/resources.js';
import { digestOf } from '../children/child-metadata.js';
import { controllerOf, type KubernetesObject } from '../objects/kubernetes-objects.js';
import type { Action } from '../reconcile/decision.js';
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
      const applied = await apply(action.object, action.force, api);
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

async function create(
  object: KubernetesObject,
  owner: string,
  api: KubernetesApi,
): Promise<KubernetesObject> {
  try {
    return await api.create(object);
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error;
  }
  const { kind, metadata } = object;
  const { name, namespace = null } = metadata;
  const found = await api.get({ kind: kind as Kind, namespace, name });
  if (controllerOf(found)?.uid === owner) return found;
  throw new NameTakenError(
    `Cannot create ${kind} ${name}: there is one already, and it belongs to something else`,
  );
}

async function apply(
  object: KubernetesObject,
  force: boolean,
  api: KubernetesApi,
): Promise<KubernetesObject> {
  try {
    return await api.apply(object, force);
  } catch (error) {
    if (force || !isConflict(error)) throw error;
    const { kind, metadata } = object;
    throw new NameTakenError(
      `Cannot apply ${kind} ${metadata.name}: others have written it: ${(error as Error).message}`,
      { cause: error },
    );
  }
}
