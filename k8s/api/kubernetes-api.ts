/** What the controller asks of the API server: the seam between its decisions' shells and the network. */
import type { KubernetesObject } from '../objects/kubernetes-objects.js';
import type { Kind, Place } from './resources.js';

export interface ListedObjects {
  readonly resourceVersion: string;
  readonly items: readonly KubernetesObject[];
}

/** As the API server sends them; `BOOKMARK` only says which version has been reached. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubernetesObject & {
    readonly code?: number;
    readonly reason?: string;
    readonly message?: string;
  };
}

export interface WatchOptions {
  readonly kind: Kind;
  readonly namespace: string | null;
  readonly labelSelector: string | null;
  readonly resourceVersion: string;
  /** When the server should end it. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

/** Every call throws ApiError. */
export interface KubernetesApi {
  list(kind: Kind, namespace: string | null, labelSelector: string | null): Promise<ListedObjects>;
  /** Returns when the server has ended it, and throws when it was cut. */
  watch(options: WatchOptions, onEvent: (event: WatchEvent) => void): Promise<void>;
  get(place: Place): Promise<KubernetesObject>;
  create(object: KubernetesObject): Promise<KubernetesObject>;
  /** Server-side apply; without `force` it refuses to take fields from others. */
  apply(
    object: KubernetesObject,
    force: boolean,
    subresource?: 'status',
  ): Promise<KubernetesObject>;
  /** A merge patch. */
  patch(place: Place, patch: object): Promise<KubernetesObject>;
  /** Replaces an object of the version that it names. */
  replace(object: KubernetesObject): Promise<KubernetesObject>;
  /** Only the object of that uid; one that is gone is no error. */
  remove(place: Place, uid: string): Promise<void>;
}
