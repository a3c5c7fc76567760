/**
 * What the API server has of one kind, as far as it was heard. An older version never takes the place of a
 * newer one: our own writes are put in at once, and what was on its way before comes after them.
 */
import { keptOf } from '../objects/kept-parts.js';
import type { KubernetesObject } from '../objects/kubernetes-objects.js';

export const keyOf = ({ metadata }: KubernetesObject): string =>
  `${metadata.namespace ?? ''}/${metadata.name}`;

/** Uids of objects that are gone: answers that are still on their way come within seconds. */
const goneMax = 2_000;

export type OnChange = (object: KubernetesObject) => void;

export class ObjectStore {
  readonly #objects = new Map<string, KubernetesObject>();
  /** By uid, the version in which it went; the oldest first. */
  readonly #gone = new Map<string, bigint>();
  readonly #onChange: OnChange;

  constructor(onChange: OnChange) {
    this.#onChange = onChange;
  }

  get(key: string): KubernetesObject | undefined {
    return this.#objects.get(key);
  }

  values(): IterableIterator<KubernetesObject> {
    return this.#objects.values();
  }

  get size(): number {
    return this.#objects.size;
  }

  put(given: KubernetesObject): void {
    const object = keptOf(given);
    const old = this.#objects.get(keyOf(object));
    if (old !== undefined && versionOf(old) >= versionOf(object)) return;
    if (versionOf(object) <= (this.#gone.get(object.metadata.uid ?? '') ?? -1n)) return;
    this.#objects.set(keyOf(object), object);
    this.#onChange(object);
  }

  /** Takes out the object, unless another one has its name by now. */
  drop(object: KubernetesObject): void {
    this.#bury(object.metadata.uid, versionOf(object));
    const key = keyOf(object);
    const old = this.#objects.get(key);
    if (old === undefined || old.metadata.uid !== object.metadata.uid) return;
    this.#objects.delete(key);
    this.#onChange(object);
  }

  /** Of a whole list of that version: what is not in it is gone, unless it was written after the list. */
  replaceAll(items: readonly KubernetesObject[], resourceVersion: string): void {
    const listed = new Set(items.map(keyOf));
    const at = numberOf(resourceVersion);
    for (const [key, object] of this.#objects) {
      if (listed.has(key) || versionOf(object) > at) continue;
      this.drop(object);
      this.#bury(object.metadata.uid, at);
    }
    for (const item of items) this.put(item);
  }

  #bury(uid: string | undefined, version: bigint): void {
    if (uid === undefined) return;
    this.#gone.delete(uid);
    this.#gone.set(uid, version);
    const [oldest] = this.#gone.keys();
    if (this.#gone.size > goneMax && oldest !== undefined) this.#gone.delete(oldest);
  }
}

/** Versions are numbers that grow, which Kubernetes promises since 1.35 and has always kept. */
const versionOf = ({ metadata }: KubernetesObject): bigint => numberOf(metadata.resourceVersion);

const numberOf = (version: string | undefined): bigint =>
  version !== undefined && /^\d+$/.test(version) ? BigInt(version) : 0n;
