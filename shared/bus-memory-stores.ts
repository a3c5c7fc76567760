/** Access to what a server stores, in memory, and its files and values. */
import {
  BusAwayError,
  BusLostError,
  type BusObjects,
  type BusRefusedError,
  type BusValue,
  type BusValues,
  type Reader,
} from './bus.js';

/** How the connection is through which a store is used. */
export interface MemoryAccess {
  readonly state: 'connected' | 'away' | 'closed';
  /** Told when the connection ends, with the reason. */
  onEnd(listener: (why: BusLostError | null) => void): void;
}

/** @throws BusAwayError, BusLostError where a request through the connection fails. */
export function requireHere({ state }: MemoryAccess): void {
  if (state === 'away') throw new BusAwayError('Cannot reach the bus now: the server is away');
  if (state === 'closed') throw new BusLostError('Cannot use the bus: it is closed');
}

/** Whether a subject matches a filter with `*` (one token) and `>` (one or more, at the end). */
export function subjectMatches(filter: string, subject: string): boolean {
  if (filter === subject) return true;
  const wanted = filter.split('.');
  const tokens = subject.split('.');
  for (const [index, part] of wanted.entries()) {
    if (part === '>') return tokens.length > index;
    if (index >= tokens.length || (part !== '*' && part !== tokens[index])) return false;
  }
  return wanted.length === tokens.length;
}

export class MemoryObjects implements BusObjects {
  readonly #objects: Map<string, Uint8Array[]>;
  readonly #access: MemoryAccess;
  readonly #onRemove: () => void;

  constructor(objects: Map<string, Uint8Array[]>, access: MemoryAccess, onRemove: () => void) {
    this.#objects = objects;
    this.#access = access;
    this.#onRemove = onRemove;
  }

  async put(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    requireHere(this.#access);
    const kept: Uint8Array[] = [];
    for await (const chunk of chunks) kept.push(chunk.slice());
    requireHere(this.#access);
    this.#objects.set(name, kept);
  }

  async get(name: string): Promise<AsyncIterable<Uint8Array> | null> {
    requireHere(this.#access);
    const chunks = this.#objects.get(name);
    if (chunks === undefined) return null;
    return (async function* () {
      yield* chunks;
    })();
  }

  async remove(): Promise<void> {
    requireHere(this.#access);
    this.#objects.clear();
    this.#onRemove();
  }
}

/** The values of a server under one name, and those who watch them. */
export class MemoryValueStore {
  readonly values = new Map<string, BusValue>();
  readonly watchers = new Set<Watcher>();
  revision = 0;

  wake(): void {
    for (const watcher of this.watchers) watcher.wake();
  }
}

/** Hands over what a value is whenever that is something else than what it handed over last. */
class Watcher implements Reader {
  readonly ended: Promise<BusRefusedError | BusLostError | null>;
  #settle: (why: BusLostError | null) => void = () => undefined;
  #open = true;
  #waking = false;
  /** Revision of what was handed over; null for nothing yet, 0 for none. */
  #seen: number | null = null;
  readonly #store: MemoryValueStore;
  readonly #access: MemoryAccess;
  readonly #key: string;
  readonly #handler: (value: BusValue | null) => void;

  constructor(
    store: MemoryValueStore,
    access: MemoryAccess,
    key: string,
    handler: (value: BusValue | null) => void,
  ) {
    this.#store = store;
    this.#access = access;
    this.#key = key;
    this.#handler = handler;
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    access.onEnd((why) => this.#end(why));
  }

  wake(): void {
    if (this.#waking) return;
    this.#waking = true;
    queueMicrotask(() => {
      this.#waking = false;
      if (!this.#open || this.#access.state !== 'connected') return;
      const value = this.#store.values.get(this.#key);
      if (this.#seen === (value?.revision ?? 0)) return;
      this.#seen = value?.revision ?? 0;
      this.#handler(value === undefined ? null : { ...value, data: value.data.slice() });
    });
  }

  close(): void {
    this.#end(null);
  }

  #end(why: BusLostError | null): void {
    this.#open = false;
    this.#store.watchers.delete(this);
    this.#settle(why);
  }
}

export class MemoryValues implements BusValues {
  readonly #store: MemoryValueStore;
  readonly #access: MemoryAccess;

  constructor(store: MemoryValueStore, access: MemoryAccess) {
    this.#store = store;
    this.#access = access;
  }

  async get(key: string): Promise<BusValue | null> {
    requireHere(this.#access);
    return this.#store.values.get(key) ?? null;
  }

  async put(key: string, data: Uint8Array, revision: number): Promise<number | null> {
    requireHere(this.#access);
    const { values } = this.#store;
    if ((values.get(key)?.revision ?? 0) !== revision) return null;
    values.set(key, { data: data.slice(), revision: ++this.#store.revision });
    this.#store.wake();
    return this.#store.revision;
  }

  async remove(key: string, revision: number): Promise<boolean> {
    requireHere(this.#access);
    const { values } = this.#store;
    if (values.get(key)?.revision !== revision) return false;
    values.delete(key);
    this.#store.wake();
    return true;
  }

  async watch(key: string, handler: (value: BusValue | null) => void): Promise<Reader> {
    requireHere(this.#access);
    const watcher = new Watcher(this.#store, this.#access, key, handler);
    this.#store.watchers.add(watcher);
    watcher.wake();
    return watcher;
  }
}
