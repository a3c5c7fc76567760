/** An API server in memory: versions, conflicts, what is there already. Merge patches are shallow enough. */
import type { KubernetesObject } from '../objects/kubernetes-objects.js';
import { ApiError } from './api-error.js';
import type { KubernetesApi, ListedObjects } from './kubernetes-api.js';
import type { Place } from './resources.js';

export class FakeApi implements KubernetesApi {
  readonly objects = new Map<string, KubernetesObject>();
  /** Every change that was asked for, refused ones too: `create Job movies-worker`. */
  readonly changes: string[] = [];
  /** Refuses what this says. */
  refuse: (change: string) => ApiError | null = () => null;
  #version = 100;

  put(object: KubernetesObject): KubernetesObject {
    const { metadata } = object;
    const old = this.objects.get(keyOf(object));
    const uid = metadata.uid ?? old?.metadata.uid ?? `uid-${++this.#version}`;
    const resourceVersion = String(++this.#version);
    const stored = { ...object, metadata: { ...metadata, uid, resourceVersion } };
    this.objects.set(keyOf(object), stored);
    return stored;
  }

  async list(): Promise<ListedObjects> {
    return { resourceVersion: String(this.#version), items: [...this.objects.values()] };
  }

  async watch(): Promise<void> {}

  async get({ kind, name, namespace }: Place): Promise<KubernetesObject> {
    const found = this.objects.get(`${kind} ${namespace}/${name}`);
    if (found === undefined) throw new ApiError('read', 404, 'NotFound', 'there is none');
    return found;
  }

  async create(object: KubernetesObject): Promise<KubernetesObject> {
    this.#asked('create', object.kind, object.metadata.name);
    if (object.kind === 'Event') return object;
    if (this.objects.has(keyOf(object))) {
      throw new ApiError('create', 409, 'AlreadyExists', `${object.metadata.name} exists already`);
    }
    return this.put(object);
  }

  async apply(
    object: KubernetesObject,
    _force: boolean,
    subresource?: 'status',
  ): Promise<KubernetesObject> {
    const what = subresource === undefined ? object.kind : `${object.kind}/status`;
    this.#asked('apply', what, object.metadata.name);
    if (subresource === undefined) return this.put(object);
    const old = await this.get(placeOf(object));
    const { status } = object as KubernetesObject & { readonly status: object };
    return this.put({ ...old, status } as KubernetesObject);
  }

  async patch(place: Place, patch: object): Promise<KubernetesObject> {
    this.#asked('patch', place.kind, place.name ?? '');
    const old = (await this.get(place)) as KubernetesObject & { readonly spec?: object };
    const { metadata, spec } = patch as { readonly metadata?: object; readonly spec?: object };
    const patched = { ...old, metadata: { ...old.metadata, ...metadata } };
    return this.put({ ...patched, spec: { ...old.spec, ...spec } } as KubernetesObject);
  }

  async replace(object: KubernetesObject): Promise<KubernetesObject> {
    this.#asked('replace', object.kind, object.metadata.name);
    return this.put(object);
  }

  async remove({ kind, name, namespace }: Place): Promise<void> {
    this.#asked('remove', kind, name ?? '');
    this.objects.delete(`${kind} ${namespace}/${name}`);
  }

  #asked(verb: string, kind: string, name: string): void {
    const change = `${verb} ${kind} ${kind === 'Event' ? '' : name}`.trim();
    this.changes.push(change);
    const error = this.refuse(change);
    if (error !== null) throw error;
  }
}

const keyOf = ({ kind, metadata }: KubernetesObject): string =>
  `${kind} ${metadata.namespace}/${metadata.name}`;

const placeOf = ({ kind, metadata }: KubernetesObject): Place => ({
  kind: kind as Place['kind'],
  namespace: metadata.namespace ?? null,
  name: metadata.name,
});
