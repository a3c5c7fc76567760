/** Streams and logs of a server, in memory, and those who read them. */
import {
  type BusLog,
  type BusLostError,
  BusRefusedError,
  type BusStream,
  type Handler,
  type LogHandler,
  type Reader,
} from './bus.js';
import { type MemoryAccess, requireHere, subjectMatches } from './bus-memory-stores.js';

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

  /** Sequence of the first message of a subject; 1 where there is none. */
  firstOf(subject: string): number {
    return this.#all.find((message) => message.subject === subject)?.sequence ?? 1;
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

  async read(filters: readonly string[], handler: Handler, behind?: string): Promise<Reader> {
    requireHere(this.#access);
    const { messages } = this.#store;
    const from = behind === undefined ? 1 : messages.firstOf(behind);
    return messages.read(this.#access, from, ({ subject, data }) => {
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

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.byteLength === b.byteLength && a.every((byte, at) => byte === b[at]);

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

  /** Nothing in memory ages. */
  async retire(): Promise<void> {
    requireHere(this.#access);
    this.#store.requireThere('shorten the life of the log');
  }

  async remove(): Promise<void> {
    requireHere(this.#access);
    this.#store.clear();
    this.#store.messages.endReaders(this.#store.gone('read the log'));
  }
}
