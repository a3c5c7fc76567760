/**
 * Keeps an `ObjectStore` like the API server: a list, then a watch from there. A watch that falls silent
 * looks like one in which nothing happens, so nothing is left to it: the server sends a bookmark every
 * minute or so, and where none comes the watch is begun anew; a version that the server has forgotten
 * (410) or a list that is ten minutes old leads to a new list, so that a lost event costs minutes, and
 * nothing is right only because a watch never fails.
 */
import type { Log } from '../../shared/log.js';
import { backoff } from '../controller/queue/backoff.js';
import { ApiError, isExpired } from './api-error.js';
import type { KubernetesApi, WatchEvent } from './kubernetes-api.js';
import type { ObjectStore } from './object-store.js';
import type { Kind } from './resources.js';

export interface ReflectorTimes {
  /** When the server should end a watch. */
  readonly watchSeconds: number;
  /** A watch without a word for so long is dead: bookmarks come every minute. */
  readonly silenceMs: number;
  readonly relistMs: number;
  readonly backoff: { readonly firstMs: number; readonly longestMs: number };
  /** A watch that ends sooner, and has brought nothing, was none. */
  readonly shortestMs: number;
}

export const reflectorTimes: ReflectorTimes = {
  watchSeconds: 300,
  silenceMs: 150_000,
  relistMs: 600_000,
  backoff: { firstMs: 200, longestMs: 30_000 },
  shortestMs: 1_000,
};

export interface ReflectorOptions {
  readonly api: KubernetesApi;
  readonly kind: Kind;
  readonly namespace: string | null;
  readonly labelSelector: string | null;
  readonly store: ObjectStore;
  /** After each whole list. */
  readonly onListed: () => void;
  readonly log: Log;
  readonly times?: ReflectorTimes;
  readonly now: () => number;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #times: ReflectorTimes;
  #version: string | null = null;
  #listedAt = 0;
  #failures = 0;

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#times = options.times ?? reflectorTimes;
  }

  /** Whether the store has been like the server once. */
  get isListed(): boolean {
    return this.#listedAt > 0;
  }

  /** Until the signal. */
  async run(): Promise<void> {
    const { signal, kind, log, random, wait } = this.#options;
    while (!signal.aborted) {
      try {
        if (this.#version === null || this.#isListOld()) await this.#list();
        await this.#watch();
      } catch (error) {
        if (signal.aborted) return;
        this.#failures++;
        if (isExpired(error)) this.#version = null;
        // What cannot be watched from here may be from a list.
        if (this.#failures % 3 === 0) this.#version = null;
        const pause = backoff(this.#failures, this.#times.backoff, random());
        log.warn({ kind, failures: this.#failures, pause_ms: Math.round(pause) }, messageOf(error));
        await wait(pause, signal);
      }
    }
  }

  #isListOld(): boolean {
    // Not all kinds, nor all controllers, at once.
    const age = this.#times.relistMs * (0.9 + 0.2 * this.#options.random());
    return this.#options.now() - this.#listedAt > age;
  }

  async #list(): Promise<void> {
    const { api, kind, labelSelector, namespace, now, onListed, store } = this.#options;
    const { items, resourceVersion } = await api.list(kind, namespace, labelSelector);
    store.replaceAll(items, resourceVersion);
    this.#version = resourceVersion;
    this.#listedAt = now();
    onListed();
  }

  async #watch(): Promise<void> {
    const { api, kind, labelSelector, namespace, now, signal } = this.#options;
    const begun = now();
    let isQuiet = true;
    const cut = new AbortController();
    const stop = (): void => cut.abort();
    signal.addEventListener('abort', stop, { once: true });
    let silence = setTimeout(stop, this.#times.silenceMs);
    try {
      await api.watch(
        {
          ...{ kind, namespace, labelSelector, resourceVersion: this.#version ?? '0' },
          ...{ timeoutSeconds: this.#times.watchSeconds, signal: cut.signal },
        },
        (event) => {
          clearTimeout(silence);
          silence = setTimeout(stop, this.#times.silenceMs);
          isQuiet = false;
          this.#heard(event);
        },
      );
      // A proxy, or a server that is going, may accept every watch and end it at once.
      if (isQuiet && now() - begun < this.#times.shortestMs) {
        throw new ApiError(`watch ${kind}`, 0, 'Cut', 'it ended at once, without a word');
      }
      this.#failures = 0;
    } finally {
      clearTimeout(silence);
      signal.removeEventListener('abort', stop);
    }
  }

  #heard({ object, type }: WatchEvent): void {
    const { kind, store } = this.#options;
    if (type === 'ERROR') {
      throw new ApiError(
        `watch ${kind}`,
        object.code ?? 0,
        object.reason ?? '',
        object.message ?? '',
      );
    }
    // A watch that brings something is well, however it began.
    this.#failures = 0;
    this.#version = object.metadata.resourceVersion ?? this.#version;
    if (type === 'DELETED') store.drop(object);
    else if (type !== 'BOOKMARK') store.put(object);
  }
}

const messageOf = (error: unknown): string => (error as Error).message;
