/** A bus within one process, for tests: same order and duplicate rules as the real one, no sockets. */
import {
  type Bus,
  BusLostError,
  type BusObjects,
  BusRefusedError,
  type BusStream,
  type BusValue,
  type BusValues,
  type Handler,
  type Subscription,
} from './bus.js';
import { type Bytes, bytes } from './units.js';

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

interface Listener {
  readonly filters: readonly string[];
  readonly handler: Handler;
  open: boolean;
}

class Listeners {
  readonly #all = new Set<Listener>();

  add(filters: readonly string[], handler: Handler): Subscription & { listener: Listener } {
    const listener: Listener = { filters, handler, open: true };
    this.#all.add(listener);
    const close = (): void => {
      listener.open = false;
      this.#all.delete(listener);
    };
    return { close, listener };
  }

  deliver(subject: string, data: Uint8Array): void {
    for (const listener of this.#all) deliverTo(listener, subject, data);
  }
}

/** A copy, later: the receiver must not run inside the sender's call, nor share its memory. */
function deliverTo(listener: Listener, subject: string, data: Uint8Array): void {
  if (!listener.filters.some((filter) => subjectMatches(filter, subject))) return;
  const copy = data.slice();
  queueMicrotask(() => {
    if (listener.open) listener.handler(copy, subject);
  });
}

class MemoryStream implements BusStream {
  #removed = false;
  #messages: { readonly subject: string; readonly data: Uint8Array }[] = [];
  readonly #ids = new Set<string>();
  readonly #listeners = new Listeners();
  readonly #filter: string;
  readonly #onRemove: () => void;

  constructor(filter: string, onRemove: () => void) {
    this.#filter = filter;
    this.#onRemove = onRemove;
  }

  async publish(subject: string, data: Uint8Array, id: string): Promise<'stored' | 'repeated'> {
    this.#requireThere(`store "${subject}"`);
    if (!subjectMatches(this.#filter, subject)) {
      throw new BusRefusedError(`Cannot store a message: no stream holds the subject "${subject}"`);
    }
    if (this.#ids.has(id)) return 'repeated';
    this.#ids.add(id);
    this.#messages.push({ subject, data: data.slice() });
    this.#listeners.deliver(subject, data);
    return 'stored';
  }

  async read(filters: readonly string[], handler: Handler): Promise<Subscription> {
    const subscription = this.#listeners.add(filters, handler);
    for (const { subject, data } of this.#messages) {
      deliverTo(subscription.listener, subject, data);
    }
    return subscription;
  }

  async purge(filter: string): Promise<number> {
    this.#requireThere(`purge "${filter}"`);
    const before = this.#messages.length;
    this.#messages = this.#messages.filter(({ subject }) => !subjectMatches(filter, subject));
    return before - this.#messages.length;
  }

  async remove(): Promise<void> {
    this.#messages = [];
    this.#removed = true;
    this.#onRemove();
  }

  #requireThere(what: string): void {
    if (this.#removed) throw new BusRefusedError(`Cannot ${what}: the stream is gone`);
  }
}

class MemoryObjects implements BusObjects {
  readonly #objects = new Map<string, Uint8Array[]>();
  readonly #onRemove: () => void;

  constructor(onRemove: () => void) {
    this.#onRemove = onRemove;
  }

  async put(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const kept: Uint8Array[] = [];
    for await (const chunk of chunks) kept.push(chunk.slice());
    this.#objects.set(name, kept);
  }

  async get(name: string): Promise<AsyncIterable<Uint8Array> | null> {
    const chunks = this.#objects.get(name);
    if (chunks === undefined) return null;
    return (async function* () {
      yield* chunks;
    })();
  }

  async remove(): Promise<void> {
    this.#objects.clear();
    this.#onRemove();
  }
}

class MemoryValues implements BusValues {
  readonly #values = new Map<string, BusValue>();
  #revision = 0;

  async get(key: string): Promise<BusValue | null> {
    return this.#values.get(key) ?? null;
  }

  async put(key: string, data: Uint8Array, revision: number): Promise<number | null> {
    if ((this.#values.get(key)?.revision ?? 0) !== revision) return null;
    this.#values.set(key, { data: data.slice(), revision: ++this.#revision });
    return this.#revision;
  }

  async remove(key: string, revision: number): Promise<boolean> {
    return this.#values.get(key)?.revision === revision && this.#values.delete(key);
  }
}

/** What a server is: open several buses on one of it. */
export class MemoryHub {
  readonly listeners = new Listeners();
  readonly streams = new Map<string, MemoryStream>();
  readonly objects = new Map<string, MemoryObjects>();
  readonly values = new Map<string, MemoryValues>();
  readonly #buses = new Set<MemoryBus>();

  open(): Bus {
    const bus = new MemoryBus(this);
    this.#buses.add(bus);
    return bus;
  }

  /** As when the server is killed: every bus is lost. */
  fail(): void {
    for (const bus of this.#buses) bus.lose();
  }
}

class MemoryBus implements Bus {
  readonly maxPayload: Bytes = bytes(1024 * 1024);
  readonly closed: Promise<BusLostError | null>;
  readonly #hub: MemoryHub;
  readonly #subscriptions = new Set<Subscription>();
  #settle: (why: BusLostError | null) => void = () => undefined;
  #open = true;

  constructor(hub: MemoryHub) {
    this.#hub = hub;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  lose(): void {
    this.#end(new BusLostError('Cannot reach the bus: the server went away'));
  }

  publish(subject: string, data: Uint8Array): void {
    this.#check();
    if (data.byteLength > this.maxPayload) {
      throw new BusRefusedError(
        `Cannot send ${data.byteLength} bytes to "${subject}": at most ${this.maxPayload} are allowed`,
      );
    }
    this.#hub.listeners.deliver(subject, data);
  }

  subscribe(filter: string, handler: Handler): Subscription {
    this.#check();
    const subscription = this.#hub.listeners.add([filter], handler);
    this.#subscriptions.add(subscription);
    return subscription;
  }

  async flush(): Promise<void> {
    this.#check();
  }

  async createStream(name: string, filter: string): Promise<BusStream> {
    this.#check();
    const stream = new MemoryStream(filter, () => this.#hub.streams.delete(name));
    this.#hub.streams.set(name, stream);
    return stream;
  }

  async openStream(name: string): Promise<BusStream> {
    this.#check();
    const stream = this.#hub.streams.get(name);
    if (stream === undefined) {
      throw new BusRefusedError(`Cannot open the stream "${name}": there is none of this name`);
    }
    return stream;
  }

  async openObjects(bucket: string): Promise<BusObjects> {
    this.#check();
    const remove = (): unknown => this.#hub.objects.delete(bucket);
    const objects = this.#hub.objects.get(bucket) ?? new MemoryObjects(remove);
    this.#hub.objects.set(bucket, objects);
    return objects;
  }

  async openValues(bucket: string): Promise<BusValues> {
    this.#check();
    const values = this.#hub.values.get(bucket) ?? new MemoryValues();
    this.#hub.values.set(bucket, values);
    return values;
  }

  async names(): Promise<{ streams: string[]; objects: string[] }> {
    this.#check();
    return { streams: [...this.#hub.streams.keys()], objects: [...this.#hub.objects.keys()] };
  }

  async close(): Promise<void> {
    this.#end(null);
  }

  #end(why: BusLostError | null): void {
    this.#open = false;
    for (const subscription of this.#subscriptions) subscription.close();
    this.#settle(why);
  }

  #check(): void {
    if (!this.#open) throw new BusLostError('Cannot use the bus: it is closed');
  }
}
