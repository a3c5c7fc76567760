/**
 * A cluster in memory: does what decisions ask for, and what Kubernetes does with Jobs by itself (makes
 * their pods, ends those of a suspended one, removes what has lost its owner). Nothing takes time in it.
 */
import type { TrainingJobObject } from '../../crd/training-job-object.js';
import { childNames } from '../../names.js';
import {
  controllerOf,
  type JobObject,
  type KubernetesObject,
  type PodObject,
} from '../../objects/kubernetes-objects.js';
import { digestOf } from '../children/child-metadata.js';
import { isActive, podsMadeBy } from '../policy/pods.js';
import type { Action, Decision } from './decision.js';
import { reconcile } from './reconcile.js';
import type { Children, Memory, Seen, WallTime } from './seen.js';
import { podOf } from './seen-fixture.js';

export class ModelCluster {
  job: TrainingJobObject | null;
  memory: Memory;
  readonly objects = new Map<string, KubernetesObject>();
  pods: PodObject[];
  readonly #rest: Omit<Seen, 'job' | 'children' | 'memory'>;
  #made = 0;

  constructor({ children, job, memory, ...rest }: Seen) {
    this.job = job;
    this.memory = memory;
    this.#rest = rest;
    this.pods = [...children.pods];
    const { coordinator, worker, service, disruptionBudget, checkpoints } = children;
    for (const object of [coordinator, worker, service, disruptionBudget, checkpoints]) {
      if (object !== null) this.#put(object);
    }
  }

  /** What a controller sees; null when the job is gone. */
  seen(): Seen | null {
    if (this.job === null) return null;
    const names = childNames(this.job.metadata.name);
    const find = (kind: string, name: string): KubernetesObject | null =>
      this.objects.get(`${kind} ${name}`) ?? null;
    const children: Children = {
      coordinator: find('Job', names.coordinator) as JobObject | null,
      worker: find('Job', names.worker) as JobObject | null,
      service: find('Service', names.service),
      disruptionBudget: find('PodDisruptionBudget', names.disruptionBudget),
      checkpoints: find('PersistentVolumeClaim', names.checkpoints),
      pods: this.pods,
      taken: [],
      leftovers: [],
    };
    return { ...this.#rest, job: this.job, children, memory: this.memory };
  }

  perform({ actions, status }: Decision, now: WallTime): void {
    for (const action of actions) this.#act(action, now);
    if (this.job !== null && status !== null) this.job = { ...this.job, status };
  }

  /** What Kubernetes does by itself. */
  step(): void {
    if (this.job === null) this.objects.clear();
    for (const component of ['coordinator', 'worker'] as const) {
      const job = [...this.objects.values()].find(
        ({ kind, metadata }) => kind === 'Job' && metadata.name.endsWith(`-${component}`),
      ) as JobObject | undefined;
      const own = podsMadeBy(job ?? null, this.pods);
      const isOther = (pod: PodObject) => !pod.metadata.name.includes(`-${component}-`);
      // Pods of a Job that was removed go with it, also where one of its name is there again.
      this.pods = this.pods.filter(
        (pod) => isOther(pod) || controllerOf(pod)?.uid === job?.metadata.uid,
      );
      if (job === undefined) continue;
      if (job.spec.suspend) this.pods = this.pods.filter((pod) => isOther(pod) || !isActive(pod));
      else if (!own.some(isActive) && !own.some(({ status }) => status?.phase === 'Succeeded')) {
        const name = `movies-${component}-${this.#made++}-model`;
        this.pods = [...this.pods, podOf(component, { name, jobUid: job.metadata.uid ?? '' })];
      }
    }
  }

  /** Looks and acts until there is nothing left to do. @returns how often it had to act; null: it never ends */
  settle(now: WallTime, most = 30): number | null {
    for (let looks = 0; looks < most; looks++) {
      const seen = this.seen();
      if (seen === null) {
        this.step();
        return looks;
      }
      const decision = reconcile(seen, now);
      const before = this.picture();
      this.perform(decision, now);
      this.step();
      if (this.picture() === before) return looks;
    }
    return null;
  }

  /** Everything, as a text to compare. */
  picture(): string {
    const objects = [...this.objects].sort(([one], [other]) => (one < other ? -1 : 1));
    return JSON.stringify([this.job, objects, this.pods, this.memory]);
  }

  #act(action: Action, now: WallTime): void {
    switch (action.kind) {
      case 'create':
        if (!this.#has(action.object)) this.#put(action.object);
        return;
      case 'apply': {
        const { kind } = action.object;
        const written = { ...this.memory.written, [kind]: digestOf(action.object) };
        this.memory = { ...this.memory, written };
        if (kind !== 'Secret' && kind !== 'ConfigMap') this.#put(action.object);
        return;
      }
      case 'patch':
        this.#patch(action);
        return;
      case 'remove':
        this.#remove(action, now);
        return;
      case 'push-account':
        this.memory = { ...this.memory, accountAt: now };
        return;
      case 'remove-account':
        this.memory = { ...this.memory, isAccountRemoved: true };
        return;
    }
  }

  #patch({ name, of, patch }: Extract<Action, { kind: 'patch' }>): void {
    const target = of === 'TrainingJob' ? this.job : this.objects.get(`${of} ${name}`);
    if (target === null || target === undefined) return;
    const patched = merged(target, patch);
    if (of !== 'TrainingJob') {
      this.objects.set(`${of} ${name}`, patched as KubernetesObject);
      return;
    }
    const job = patched as TrainingJobObject;
    const isGone = job.metadata.deletionTimestamp !== undefined && !job.metadata.finalizers?.length;
    this.job = isGone ? null : job;
  }

  #remove({ name, of, uid }: Extract<Action, { kind: 'remove' }>, now: WallTime): void {
    if (of !== 'TrainingJob') {
      if (this.objects.get(`${of} ${name}`)?.metadata.uid === uid)
        this.objects.delete(`${of} ${name}`);
      return;
    }
    if (this.job === null) return;
    const deletionTimestamp = this.job.metadata.deletionTimestamp ?? new Date(now).toISOString();
    this.job = this.job.metadata.finalizers?.length
      ? { ...this.job, metadata: { ...this.job.metadata, deletionTimestamp } }
      : null;
  }

  #has = ({ kind, metadata }: KubernetesObject): boolean =>
    this.objects.has(`${kind} ${metadata.name}`);

  #put(object: KubernetesObject): void {
    const { kind, metadata } = object;
    const uid = metadata.uid ?? `uid-of-${metadata.name}-${kind === 'Job' ? this.#made++ : ''}`;
    this.objects.set(`${kind} ${metadata.name}`, { ...object, metadata: { ...metadata, uid } });
  }
}

/** A merge patch. */
function merged(whole: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base = typeof whole === 'object' && whole !== null ? { ...whole } : {};
  const result = base as Record<string, unknown>;
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merged(result[name], value);
  }
  return result;
}
