/**
 * A bus within one process, for tests: same order and duplicate rules as the real one, no sockets. Its
 * server can stop and start again: what is stored stays, and connections come back.
 */
import {
  type Bus,
  type BusConnection,
  type BusConnectionState,
  type BusLog,
  BusLostError,
  type BusObjects,
  BusRefusedError,
  type BusStream,
  type BusValues,
  type Handler,
  type Subscription,
} from './bus.js';
import {
  type MemoryAccess,
  MemoryObjects,
  MemoryValueStore,
  MemoryValues,
  requireHere,
  subjectMatches,
} from './bus-memory-stores.js';
import { MemoryLog, MemoryStore, MemoryStream } from './bus-memory-streams.js';
import type { Clock } from './clock.js';
import { type Bytes, bytes, millis } from './units.js';

interface Listener {
  readonly bus: MemoryBus;
  readonly filter: string;
  readonly handler: Handler;
  open: boolean;
}

/** What a server is: open several buses on one of it. */
export class MemoryHub {
  readonly listeners = new Set<Listener>();
  readonly objects = new Map<string, Map<string, Uint8Array[]>>();
  readonly values = new Map<string, MemoryValueStore>();
  readonly #stores = new Map<string, MemoryStore>();
  readonly #buses = new Set<MemoryBus>();
  readonly #clock: Clock;
  #running = true;

  constructor(clock: Clock = { now: () => millis(0) }) {
    this.#clock = clock;
  }

  open(): Bus {
    const bus = new MemoryBus(this);
    this.#buses.add(bus);
    if (!this.#running) bus.goAway(this.#clock.now());
    return bus;
  }

  /** As when the server is killed and no connection may come back: every bus is lost. */
  fail(): void {
    for (const bus of this.#buses) bus.lose();
  }

  /** As when the server is killed and will be started again. */
  stop(): void {
    this.#running = false;
    for (const bus of this.#buses) bus.goAway(this.#clock.now());
  }

  start(): void {
    this.#running = true;
    for (const bus of this.#buses) bus.comeBack();
    this.wake();
  }

  /** Hands out what waits, as after a connection came back. */
  wake(): void {
    for (const store of this.#stores.values()) store.messages.wake();
    for (const store of this.values.values()) store.wake();
  }

  store(name: string): MemoryStore {
    const found = this.#stores.get(name) ?? new MemoryStore(name);
    this.#stores.set(name, found);
    return found;
  }

  streams(): string[] {
    return [...this.#stores].flatMap(([name, { filter }]) => (filter === null ? [] : [name]));
  }
}

class MemoryBus implements Bus, MemoryAccess {
  readonly maxPayload: Bytes = bytes(1024 * 1024);
  readonly closed: Promise<BusLostError | null>;
  readonly connection: BusConnection;
  readonly #hub: MemoryHub;
  readonly #subscriptions = new Set<Subscription>();
  readonly #watchers = new Set<(state: BusConnectionState) => void>();
  #settle: (why: BusLostError | null) => void = () => undefined;
  #state: BusConnectionState = { kind: 'connected' };

  constructor(hub: MemoryHub) {
    this.#hub = hub;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
    const state = () => this.#state;
    this.connection = {
      get state() {
        return state();
      },
      onChange: (listener) => {
        this.#watchers.add(listener);
        return { close: () => void this.#watchers.delete(listener) };
      },
    };
  }

  get state(): BusConnectionState['kind'] {
    return this.#state.kind;
  }

  onEnd(listener: (why: BusLostError | null) => void): void {
    void this.closed.then(listener);
  }

  lose(): void {
    this.#end(new BusLostError('Cannot reach the bus: the server went away'));
  }

  goAway(since: ReturnType<Clock['now']>): void {
    if (this.#state.kind === 'connected') this.#change({ kind: 'away', since });
  }

  comeBack(): void {
    if (this.#state.kind === 'away') this.#change({ kind: 'connected' });
  }

  publish(subject: string, data: Uint8Array): void {
    this.#requireOpen();
    if (data.byteLength > this.maxPayload) {
      throw new BusRefusedError(
        `Cannot send ${data.byteLength} bytes to "${subject}": at most ${this.maxPayload} are allowed`,
      );
    }
    if (this.state === 'away') return;
    for (const listener of this.#hub.listeners) deliver(listener, subject, data);
  }

  subscribe(filter: string, handler: Handler): Subscription {
    this.#requireOpen();
    const listener: Listener = { bus: this, filter, handler, open: true };
    this.#hub.listeners.add(listener);
    const close = (): void => {
      listener.open = false;
      this.#hub.listeners.delete(listener);
    };
    this.#subscriptions.add({ close });
    return { close };
  }

  async flush(): Promise<void> {
    requireHere(this);
  }

  async createStream(name: string, filter: string): Promise<BusStream> {
    requireHere(this);
    const store = this.#hub.store(name);
    store.create(filter);
    return new MemoryStream(store, this);
  }

  async ensureStream(name: string, filter: string): Promise<BusStream> {
    return new MemoryStream(this.#ensured(name, filter), this);
  }

  async openStream(name: string): Promise<BusStream> {
    return new MemoryStream(this.#found('stream', name), this);
  }

  async ensureLog(name: string, subject: string): Promise<BusLog> {
    return new MemoryLog(this.#ensured(name, subject), this);
  }

  async openLog(name: string): Promise<BusLog> {
    return new MemoryLog(this.#found('log', name), this);
  }

  async openObjects(bucket: string): Promise<BusObjects> {
    requireHere(this);
    const objects = this.#hub.objects.get(bucket) ?? new Map<string, Uint8Array[]>();
    this.#hub.objects.set(bucket, objects);
    return new MemoryObjects(objects, this, () => void this.#hub.objects.delete(bucket));
  }

  async openValues(bucket: string): Promise<BusValues> {
    requireHere(this);
    const values = this.#hub.values.get(bucket) ?? new MemoryValueStore();
    this.#hub.values.set(bucket, values);
    return new MemoryValues(values, this);
  }

  async findValues(bucket: string): Promise<BusValues | null> {
    requireHere(this);
    return this.#hub.values.has(bucket) ? this.openValues(bucket) : null;
  }

  async names(): Promise<{ streams: string[]; objects: string[] }> {
    requireHere(this);
    return { streams: this.#hub.streams(), objects: [...this.#hub.objects.keys()] };
  }

  async close(): Promise<void> {
    this.#end(null);
  }

  #ensured(name: string, filter: string): MemoryStore {
    requireHere(this);
    const store = this.#hub.store(name);
    if (store.filter === null) store.create(filter);
    return store;
  }

  #found(kind: string, name: string): MemoryStore {
    requireHere(this);
    const store = this.#hub.store(name);
    if (store.filter !== null) return store;
    throw new BusRefusedError(`Cannot open the ${kind} "${name}": there is none of this name`);
  }

  #requireOpen(): void {
    if (this.state === 'closed') requireHere(this);
  }

  #change(state: BusConnectionState): void {
    this.#state = state;
    for (const watcher of this.#watchers) watcher(state);
  }

  #end(why: BusLostError | null): void {
    if (this.state === 'closed') return;
    for (const subscription of this.#subscriptions) subscription.close();
    this.#change({ kind: 'closed' });
    this.#settle(why);
  }
}

/** A copy, later: the receiver must not run inside the sender's call, nor share its memory. */
function deliver(listener: Listener, subject: string, data: Uint8Array): void {
  if (listener.bus.state !== 'connected' || !subjectMatches(listener.filter, subject)) return;
  const copy = data.slice();
  queueMicrotask(() => {
    if (listener.open) listener.handler(copy, subject);
  });
}
