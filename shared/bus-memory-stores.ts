/** What a server stores, in memory: streams, logs, files, values. */
import {
  BusAwayError,
  type BusLog,
  BusLostError,
  type BusObjects,
  BusRefusedError,
  type BusStream,
  type BusValue,
  type BusValues,
  type Handler,
  type LogHandler,
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
  const wanted = filter.split('.');
  const tokens = subject.split('.');
  for (const [index, part] of wanted.entries()) {
    if (part === '>') return tokens.length > index;
    if (index >= tokens.length || (part !== '*' && part !== tokens[index])) return false;
  }
  return wanted.length === tokens.length;
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.byteLength === b.byteLength && a.every((byte, at) => byte === b[at]);

interface Stored {
  readonly sequence: number;
  readonly subject: string;
  readonly data: Uint8Array;
}

/** Hands out what lies behind its place, later and as copies: never inside the sender's call. */
class Cursor implements Reader {
  readonly ended: Promise<BusRefusedError | BusLostError | null>;
  #settle: (why: BusRefusedError | BusLostError | null) => void = () => undefined;
  #open = true;
  #waking = false;
  next: number;
  readonly #messages: StoredMessages;
  readonly #access: MemoryAccess;
  readonly #handler: (message: Stored) => void;

  constructor(
    messages: StoredMessages,
    access: MemoryAccess,
    next: number,
    handler: (message: Stored) => void,
  ) {
    this.#messages = messages;
    this.#access = access;
    this.next = next;
    this.#handler = handler;
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    access.onEnd((why) => this.end(why));
  }

  wake(): void {
    if (this.#waking) return;
    this.#waking = true;
    queueMicrotask(() => {
      this.#waking = false;
      while (this.#open && this.#access.state === 'connected') {
        const message = this.#messages.at(this.next);
        if (message === undefined) return;
        this.next = message.sequence + 1;
        this.#handler({ ...message, data: message.data.slice() });
      }
    });
  }

  close(): void {
    this.end(null);
  }

  end(why: BusRefusedError | BusLostError | null): void {
    this.#open = false;
    this.#messages.forget(this);
    this.#settle(why);
  }
}

/** Messages with sequences and those who read them; it stays when it is removed and made again. */
class StoredMessages {
  #all: Stored[] = [];
  #last = 0;
  readonly #cursors = new Set<Cursor>();

  get last(): number {
    return this.#last;
  }

  add(subject: string, data: Uint8Array): number {
    this.#all.push({ sequence: ++this.#last, subject, data: data.slice() });
    this.wake();
    return this.#last;
  }

  /** The first message at or behind the place. */
  at(sequence: number): Stored | undefined {
    const first = this.#all[0];
    if (first === undefined) return undefined;
    // Nothing is missing in between unless something was purged.
    const guess = this.#all[sequence - first.sequence];
    return guess?.sequence === sequence
      ? guess
      : this.#all.find((message) => message.sequence >= sequence);
  }

  read(access: MemoryAccess, from: number, handler: (message: Stored) => void): Cursor {
    const cursor = new Cursor(this, access, from, handler);
    this.#cursors.add(cursor);
    cursor.wake();
    return cursor;
  }

  forget(cursor: Cursor): void {
    this.#cursors.delete(cursor);
  }

  wake(): void {
    for (const cursor of this.#cursors) cursor.wake();
  }

  purge(filter: string): number {
    const before = this.#all.length;
    this.#all = this.#all.filter(({ subject }) => !subjectMatches(filter, subject));
    return before - this.#all.length;
  }

  /** Readers start again at the beginning of what will be stored. */
  clear(): void {
    this.#all = [];
    this.#last = 0;
    for (const cursor of this.#cursors) cursor.next = 1;
  }

  endReaders(why: BusRefusedError): void {
    for (const cursor of [...this.#cursors]) cursor.end(why);
  }
}

/** A stream of the server under its name, whether it is there now or not. */
export class MemoryStore {
  filter: string | null = null;
  readonly messages = new StoredMessages();
  readonly ids = new Set<string>();
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  create(filter: string): void {
    this.clear();
    this.filter = filter;
  }

  clear(): void {
    this.filter = null;
    this.ids.clear();
    this.messages.clear();
  }

  /** @throws BusRefusedError where it is gone. */
  requireThere(what: string): string {
    if (this.filter === null) throw this.gone(what);
    return this.filter;
  }

  gone(what: string): BusRefusedError {
    return new BusRefusedError(
      `Cannot ${what}: the stream "${this.#name}" is gone: someone else removed it`,
    );
  }
}

export class MemoryStream implements BusStream {
  readonly #store: MemoryStore;
  readonly #access: MemoryAccess;

  constructor(store: MemoryStore, access: MemoryAccess) {
    this.#store = store;
    this.#access = access;
  }

  async publish(subject: string, data: Uint8Array, id: string): Promise<'stored' | 'repeated'> {
    requireHere(this.#access);
    const filter = this.#store.requireThere(`store "${subject}"`);
    if (!subjectMatches(filter, subject)) {
      throw new BusRefusedError(`Cannot store a message: no stream holds the subject "${subject}"`);
    }
    if (this.#store.ids.has(id)) return 'repeated';
    this.#store.ids.add(id);
    this.#store.messages.add(subject, data);
    return 'stored';
  }

  async read(filters: readonly string[], handler: Handler): Promise<Reader> {
    requireHere(this.#access);
    return this.#store.messages.read(this.#access, 1, ({ subject, data }) => {
      if (filters.some((filter) => subjectMatches(filter, subject))) handler(data, subject);
    });
  }

  async purge(filter: string): Promise<number> {
    requireHere(this.#access);
    this.#store.requireThere(`purge "${filter}"`);
    return this.#store.messages.purge(filter);
  }

  async remove(): Promise<void> {
    requireHere(this.#access);
    this.#store.clear();
  }
}

export class MemoryLog implements BusLog {
  readonly #store: MemoryStore;
  readonly #access: MemoryAccess;

  constructor(store: MemoryStore, access: MemoryAccess) {
    this.#store = store;
    this.#access = access;
  }

  async append(data: Uint8Array, after: number): Promise<number | null> {
    requireHere(this.#access);
    const subject = this.#store.requireThere('append to the log');
    if (this.#store.messages.last === after) return this.#store.messages.add(subject, data);
    // Its answer may have been lost: the same entry in this place is the one that is appended again.
    const there = this.#store.messages.at(after + 1);
    return there?.sequence === after + 1 && sameBytes(there.data, data) ? after + 1 : null;
  }

  async read(from: number, handler: LogHandler): Promise<Reader> {
    requireHere(this.#access);
    this.#store.requireThere('read the log');
    return this.#store.messages.read(this.#access, from, ({ data, sequence }) =>
      handler(data, sequence),
    );
  }

  async last(): Promise<number> {
    requireHere(this.#access);
    this.#store.requireThere('read the log');
    return this.#store.messages.last;
  }

  async remove(): Promise<void> {
    requireHere(this.#access);
    this.#store.clear();
    this.#store.messages.endReaders(this.#store.gone('read the log'));
  }
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
