/** `KubernetesApi` over HTTPS. The thin end: paths, content types, timeouts; no decision is made here. */
import type { IncomingMessage, RequestOptions } from 'node:http';
import { request } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../shared/clock.js';
import type { KubernetesObject } from '../objects/kubernetes-objects.js';
import { ApiError, isGone, readStatus } from './api-error.js';
import type { Access } from './cluster-access.js';
import type { KubernetesApi, ListedObjects, WatchEvent, WatchOptions } from './kubernetes-api.js';
import { LineReader } from './line-reader.js';
import { type Rate, TokenBucket } from './rate-limit.js';
import { apiVersionOf, type Kind, type Place, pathOf } from './resources.js';

/** The server itself gives up after a minute. */
const requestTimeout = 30_000;
/** Pages of a list. */
const listLimit = 500;
/** Above etcd's limit of an object. */
const longestLine = 8 * 1024 * 1024;

const contentTypes = {
  json: 'application/json',
  apply: 'application/apply-patch+yaml',
  merge: 'application/merge-patch+json',
} as const;

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  readonly type?: keyof typeof contentTypes;
  readonly what: string;
}

interface ListPage {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly object[];
}

export interface ClusterApiOptions {
  readonly access: Access;
  readonly clock: Clock;
  readonly rate: Rate;
  /** Whose fields are written: the name in `managedFields`. */
  readonly manager: string;
  /** Writes are checked by the server, and not kept. */
  readonly dryRun?: boolean;
  /** Told of each request: its verb and kind. */
  readonly onRequest?: (verb: string, status: number) => void;
}

export interface PodLog {
  readonly namespace: string;
  readonly pod: string;
  /** As the API server takes it: `follow`, `tailLines`, `container`. */
  readonly query: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export class ClusterApi implements KubernetesApi {
  readonly #options: ClusterApiOptions;
  readonly #bucket: TokenBucket;

  constructor(options: ClusterApiOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket(options.rate, options.clock);
  }

  async list(
    kind: Kind,
    namespace: string | null,
    labelSelector: string | null,
  ): Promise<ListedObjects> {
    const items: KubernetesObject[] = [];
    let next = '';
    for (;;) {
      const query = {
        limit: String(listLimit),
        ...(labelSelector !== null && { labelSelector }),
        ...(next !== '' && { continue: next }),
      };
      const page = (await this.#send({
        ...{ method: 'GET', path: pathOf({ kind, namespace }), query },
        what: `list ${kind}`,
      })) as unknown as ListPage;
      // Members of a list do not repeat what they are.
      const named = { apiVersion: apiVersionOf(kind), kind };
      for (const item of page.items) items.push({ ...named, ...item } as KubernetesObject);
      next = page.metadata.continue ?? '';
      if (next === '') return { resourceVersion: page.metadata.resourceVersion, items };
    }
  }

  async watch(options: WatchOptions, onEvent: (event: WatchEvent) => void): Promise<void> {
    const { kind, labelSelector, namespace, resourceVersion, signal, timeoutSeconds } = options;
    const query = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(timeoutSeconds),
      resourceVersion,
      ...(labelSelector !== null && { labelSelector }),
    };
    const what = `watch ${kind}`;
    const response = await this.#open(
      { method: 'GET', path: pathOf({ kind, namespace }), query, what },
      { signal },
    );
    const lines = new LineReader(longestLine);
    try {
      for await (const piece of response) {
        for (const line of lines.read(piece as Uint8Array)) onEvent(JSON.parse(line) as WatchEvent);
      }
    } catch (cause) {
      if (cause instanceof ApiError) throw cause;
      throw new ApiError(what, 0, 'Cut', (cause as Error).message, { cause });
    } finally {
      response.destroy();
    }
  }

  get(place: Place): Promise<KubernetesObject> {
    return this.#send({ method: 'GET', path: pathOf(place), what: `read ${named(place)}` });
  }

  create(object: KubernetesObject): Promise<KubernetesObject> {
    const { name: _, ...collection } = placeOf(object);
    return this.#send({
      ...{ method: 'POST', path: pathOf(collection), query: this.#written },
      ...{ body: object, type: 'json', what: `create ${named(placeOf(object))}` },
    });
  }

  apply(
    object: KubernetesObject,
    force: boolean,
    subresource?: 'status',
  ): Promise<KubernetesObject> {
    const place = { ...placeOf(object), ...(subresource && { subresource }) };
    const query = { ...this.#written, force: String(force) };
    return this.#send({
      ...{ method: 'PATCH', path: pathOf(place), query },
      ...{ body: object, type: 'apply', what: `apply ${named(place)}` },
    });
  }

  patch(place: Place, patch: object): Promise<KubernetesObject> {
    return this.#send({
      ...{ method: 'PATCH', path: pathOf(place), query: this.#written },
      ...{ body: patch, type: 'merge', what: `patch ${named(place)}` },
    });
  }

  replace(object: KubernetesObject): Promise<KubernetesObject> {
    const place = placeOf(object);
    return this.#send({
      ...{ method: 'PUT', path: pathOf(place), query: this.#written },
      ...{ body: object, type: 'json', what: `replace ${named(place)}` },
    });
  }

  async remove(place: Place, uid: string): Promise<void> {
    const body = { preconditions: { uid }, propagationPolicy: 'Background' };
    try {
      await this.#send({
        ...{ method: 'DELETE', path: pathOf(place) },
        ...{ body, type: 'json', what: `remove ${named(place)}` },
      });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  /** Lines of a pod's log; it ends with the container, or with `signal`. */
  async *logLines({ namespace, pod, query, signal }: PodLog): AsyncGenerator<string> {
    const what = `read the log of ${namespace}/${pod}`;
    const path = `${pathOf({ kind: 'Pod', namespace, name: pod })}/log`;
    const response = await this.#open({ method: 'GET', path, query, what }, { signal });
    const lines = new LineReader(longestLine);
    try {
      for await (const piece of response) yield* lines.read(piece as Uint8Array);
      yield* lines.end();
    } catch (cause) {
      throw new ApiError(what, 0, 'Cut', (cause as Error).message, { cause });
    } finally {
      response.destroy();
    }
  }

  /** What every write says. */
  get #written(): Record<string, string> {
    const { dryRun = false, manager } = this.#options;
    return { fieldManager: manager, ...(dryRun && { dryRun: 'All' }) };
  }

  async #send(sent: Sent): Promise<KubernetesObject> {
    const wait = this.#bucket.take();
    if (wait > 0) await delay(wait);
    const response = await this.#open(sent, { timeout: requestTimeout });
    return JSON.parse(await textOf(response, sent.what)) as KubernetesObject;
  }

  /** @returns the response of a request that was accepted */
  async #open(sent: Sent, more: RequestOptions): Promise<IncomingMessage> {
    const { access, manager, onRequest } = this.#options;
    const url = new URL(`${access.server.pathname.replace(/\/$/, '')}${sent.path}`, access.server);
    for (const [name, value] of Object.entries(sent.query ?? {})) url.searchParams.set(name, value);
    const { headers, ...options } = await access.options();
    const body = sent.body === undefined ? undefined : JSON.stringify(sent.body);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const refuse = (cause: Error): void =>
        reject(new ApiError(sent.what, 0, 'Unreachable', cause.message, { cause }));
      const sending = request(url, {
        ...options,
        ...more,
        method: sent.method,
        headers: {
          ...headers,
          accept: 'application/json',
          'user-agent': manager,
          ...(body !== undefined && {
            'content-type': contentTypes[sent.type ?? 'json'],
            'content-length': Buffer.byteLength(body),
          }),
        },
      });
      sending.once('response', resolve).once('error', refuse);
      sending.once('timeout', () => sending.destroy(new Error('no answer in time')));
      sending.end(body);
    });
    const status = response.statusCode ?? 0;
    onRequest?.(sent.method, status);
    if (status < 300) return response;
    const { reason, message } = readStatus(await textOf(response, sent.what));
    throw new ApiError(sent.what, status, reason, message);
  }
}

const placeOf = ({ kind, metadata }: KubernetesObject): Place => ({
  kind: kind as Kind,
  namespace: metadata.namespace ?? null,
  name: metadata.name,
});

const named = ({ kind, namespace, name, subresource }: Place): string =>
  `${subresource === undefined ? '' : 'the status of '}${kind} ${namespace ?? ''}/${name ?? ''}`;

async function textOf(response: IncomingMessage, what: string): Promise<string> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of response) pieces.push(piece as Buffer);
  } catch (cause) {
    throw new ApiError(what, 0, 'Cut', (cause as Error).message, { cause });
  }
  return Buffer.concat(pieces).toString('utf8');
}
