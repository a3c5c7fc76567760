/** All that is watched, and what belongs to a job of it. */

import { keyOf, ObjectStore } from '../../api/object-store.js';
import type { Kind } from '../../api/resources.js';
import type { TrainingJobObject } from '../../crd/training-job-object.js';
import { apiGroup, childNames, jobLabel } from '../../names.js';
import {
  controllerOf,
  type JobObject,
  type KubernetesObject,
  type PodObject,
} from '../../objects/kubernetes-objects.js';
import { childrenSelector } from '../children/child-metadata.js';
import type { Children } from '../reconcile/seen.js';

/** Kinds that are watched, and which of their objects. */
export const watchedKinds: Readonly<Partial<Record<Kind, string | null>>> = {
  TrainingJob: null,
  Job: childrenSelector,
  Pod: childrenSelector,
  Service: childrenSelector,
  PodDisruptionBudget: childrenSelector,
  PersistentVolumeClaim: childrenSelector,
};

export class ClusterView {
  readonly #stores = new Map<Kind, ObjectStore>();
  /** Pods by the key of their job: a job does not look through those of all others. */
  readonly #pods = new Map<string, Map<string, PodObject>>();
  readonly #jobOfPod = new Map<string, string>();

  /** @param onChange told of each job of which something has changed */
  constructor(onChange: (key: string) => void) {
    for (const kind of Object.keys(watchedKinds) as Kind[]) {
      const store: ObjectStore = new ObjectStore((object) => {
        const key = jobKeyOf(object);
        if (key === null) return;
        if (kind === 'Pod') {
          const before = this.#index(key, object, store.get(keyOf(object)) !== undefined);
          if (before !== null && before !== key) onChange(before);
        }
        onChange(key);
      });
      this.#stores.set(kind, store);
    }
  }

  storeOf(kind: Kind): ObjectStore | undefined {
    return this.#stores.get(kind);
  }

  jobs(): TrainingJobObject[] {
    return [...(this.#stores.get('TrainingJob')?.values() ?? [])] as unknown as TrainingJobObject[];
  }

  job(key: string): TrainingJobObject | undefined {
    return this.#stores.get('TrainingJob')?.get(key) as TrainingJobObject | undefined;
  }

  childrenOf({ metadata }: TrainingJobObject): Children {
    const names = childNames(metadata.name);
    const taken: string[] = [];
    const leftovers: string[] = [];
    const child = (kind: Kind, name: string): KubernetesObject | null => {
      const found = this.#stores.get(kind)?.get(`${metadata.namespace}/${name}`);
      if (found === undefined) return null;
      const owner = controllerOf(found);
      if (owner?.uid === metadata.uid) return found;
      const isLeftover = owner?.kind === 'TrainingJob' && owner.name === metadata.name;
      (isLeftover ? leftovers : taken).push(`${kind} ${name}`);
      return null;
    };
    return {
      coordinator: child('Job', names.coordinator) as JobObject | null,
      worker: child('Job', names.worker) as JobObject | null,
      service: child('Service', names.service),
      disruptionBudget: child('PodDisruptionBudget', names.disruptionBudget),
      checkpoints: child('PersistentVolumeClaim', names.checkpoints),
      pods: [...(this.#pods.get(`${metadata.namespace}/${metadata.name}`)?.values() ?? [])],
      taken,
      leftovers,
    };
  }

  /** @returns the key that it had until now: somebody may have given it another label */
  #index(key: string, pod: KubernetesObject, isThere: boolean): string | null {
    const id = keyOf(pod);
    const before = this.#jobOfPod.get(id) ?? null;
    if (before !== null) {
      const others = this.#pods.get(before);
      others?.delete(pod.metadata.name);
      if (others?.size === 0) this.#pods.delete(before);
      this.#jobOfPod.delete(id);
    }
    if (!isThere) return before;
    const pods = this.#pods.get(key) ?? new Map<string, PodObject>();
    this.#pods.set(key, pods.set(pod.metadata.name, pod as PodObject));
    this.#jobOfPod.set(id, key);
    return before;
  }
}

/** The key of the job that an object is, or belongs to. */
function jobKeyOf({ apiVersion, metadata }: KubernetesObject): string | null {
  const name = apiVersion.startsWith(`${apiGroup}/`) ? metadata.name : metadata.labels?.[jobLabel];
  return name === undefined ? null : `${metadata.namespace ?? ''}/${name}`;
}
