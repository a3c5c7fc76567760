/**
 * A process's connection to the simulated server. What is sent while the connection is away is lost;
 * a request that is under way when it is cut may have been done or not, and is refused either way;
 * readers go on where they were.
 */
import {
  type Bus,
  BusAwayError,
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
} from '../../shared/bus.js';
import { busPingInterval, busPingsUnanswered, busRequestTimeout } from '../../shared/limits.js';
import type { Random } from '../../shared/random.js';
import type { Bytes } from '../../shared/units.js';
import type { Scheduler } from '../time/scheduler.js';
import type { SimProcess } from '../time/sim-process.js';
import { Pipe } from './pipe.js';
import { Readers } from './readers.js';
import { type Distance, simLog, simObjects, simStream, simValues } from './sim-stores.js';

export interface BusTimes {
  /** One way, in milliseconds: from this, */
  readonly latencyMin: number;
  /** up to this. */
  readonly latencyMax: number;
  /** Until a message is on the disk, at most. */
  readonly storeMax: number;
  /** Until a client has found a server again that is back, at most. */
  readonly reconnectMax: number;
}

/** What a connection sees of its server. */
export interface ServerSide {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly times: BusTimes;
  readonly isUp: boolean;
  /** Over connections that stand, it does nothing that it is asked for. */
  readonly isElecting: boolean;
  latency(): number;
  storeTime(): number;
  forget(bus: SimBus): void;
}

/** How a request ends for whoever made it; nothing where it has ended already. */
interface Waiting {
  readonly refuse: (error: Error) => void;
}

export class SimBus implements Bus, Distance {
  readonly process: SimProcess;
  readonly maxPayload: Bytes;
  readonly closed: Promise<BusLostError | null>;
  readonly connection: BusConnection;
  readonly readers: Readers;
  readonly #server: ServerSide;
  /** The server's end of the connection. */
  readonly #session: Bus;
  readonly #up: Pipe;
  readonly #down: Pipe;
  readonly #waiting = new Set<Waiting>();
  /** Subscriptions that the server has not heard of: the client says them again when it is back. */
  readonly #unsaid = new Set<() => void>();
  readonly #watchers = new Set<(state: BusConnectionState) => void>();
  #settle: (why: BusLostError | null) => void = () => undefined;
  #state: BusConnectionState = { kind: 'connected' };
  /** The server's view, which is ahead of ours. */
  #isCut = false;
  #isIsolated = false;
  #isolations = 0;
  /** Until then requests are done and their answers lost. */
  #losesAnswersUntil = 0;

  constructor(server: ServerSide, process: SimProcess, session: Bus) {
    this.process = process;
    this.#server = server;
    this.#session = session;
    this.maxPayload = session.maxPayload;
    const latency = (): number => server.latency() * process.slowness;
    this.#up = new Pipe(server.scheduler, latency);
    this.#down = new Pipe(server.scheduler, latency);
    this.readers = new Readers((arrive) => this.#toClient(arrive));
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.connection = this.#openConnection();
    if (!server.isUp) this.lose();
  }

  publish(subject: string, data: Uint8Array): void {
    if (this.#state.kind === 'closed') throw new BusLostError('Cannot use the bus: it is closed');
    if (data.byteLength > this.maxPayload) {
      throw new BusRefusedError(
        `Cannot send ${data.byteLength} bytes to "${subject}": at most ${this.maxPayload} are allowed`,
      );
    }
    if (this.#state.kind === 'away') return;
    const sent = data.slice();
    this.#up.send(() => this.#session.publish(subject, sent));
  }

  subscribe(filter: string, handler: Handler): Subscription {
    if (this.#state.kind === 'closed') throw new BusLostError('Cannot use the bus: it is closed');
    let isOpen = true;
    let atServer: Subscription | null = null;
    const begin = (): void => {
      if (!this.#unsaid.delete(begin) || !isOpen) return;
      atServer = this.#session.subscribe(filter, (data, subject) => {
        if (this.#isCut) return;
        this.#down.send(() =>
          this.process.deliver(() => {
            if (isOpen) handler(data, subject);
          }),
        );
      });
    };
    this.#unsaid.add(begin);
    if (!this.#isCut) this.#up.send(begin);
    return {
      close: () => {
        isOpen = false;
        atServer?.close();
      },
    };
  }

  flush(): Promise<void> {
    return this.request((session) => session.flush(), 0);
  }

  async createStream(name: string, filter: string): Promise<BusStream> {
    return simStream(this, await this.request((to) => to.createStream(name, filter)));
  }

  async ensureStream(name: string, filter: string): Promise<BusStream> {
    return simStream(this, await this.request((to) => to.ensureStream(name, filter)));
  }

  async openStream(name: string): Promise<BusStream> {
    return simStream(this, await this.request((to) => to.openStream(name), 0));
  }

  async ensureLog(name: string, subject: string): Promise<BusLog> {
    return simLog(this, await this.request((to) => to.ensureLog(name, subject)));
  }

  async openLog(name: string): Promise<BusLog> {
    return simLog(this, await this.request((to) => to.openLog(name), 0));
  }

  async openObjects(bucket: string): Promise<BusObjects> {
    return simObjects(this, await this.request((to) => to.openObjects(bucket)));
  }

  async openValues(bucket: string): Promise<BusValues> {
    return simValues(this, await this.request((to) => to.openValues(bucket)));
  }

  async findValues(bucket: string): Promise<BusValues | null> {
    const found = await this.request((to) => to.findValues(bucket), 0);
    return found === null ? null : simValues(this, found);
  }

  names(): Promise<{ readonly streams: readonly string[]; readonly objects: readonly string[] }> {
    return this.request((session) => session.names(), 0);
  }

  async close(): Promise<void> {
    if (this.#state.kind === 'closed') return;
    this.#change({ kind: 'closed' });
    // What is queued is sent first.
    this.#up.send(() => this.drop());
    this.#refuseAll(new BusLostError('Cannot use the bus: it is closed'));
    this.#settle(null);
  }

  /** Does something at the server, later, and brings back what came of it, later still. */
  request<Result>(
    work: (session: Bus) => Promise<Result>,
    store: number = this.#server.storeTime(),
  ): Promise<Result> {
    const refused = this.#refusal();
    if (refused !== null) return Promise.reject(refused);
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { refuse: reject };
      this.#waiting.add(waiting);
      const answer = (settle: () => void): void => {
        if (this.#server.scheduler.now < this.#losesAnswersUntil) return;
        this.#toClient(() => {
          if (this.#waiting.delete(waiting)) settle();
        });
      };
      this.process.after(busRequestTimeout, () => {
        if (!this.#waiting.delete(waiting)) return;
        reject(new BusAwayError(`The server did not answer within ${busRequestTimeout} ms`));
      });
      this.#up.send(() => {
        if (this.#server.isElecting) {
          answer(() => reject(new BusAwayError('Nobody leads the stream now')));
          return;
        }
        work(this.#session).then(
          (result) => this.#server.scheduler.after(store, () => answer(() => resolve(result))),
          (error: unknown) => answer(() => reject(error)),
        );
      });
    });
  }

  /** The server goes away, or the way to it is cut: whatever is under way is lost. */
  lose(): void {
    if (this.#isCut || this.#state.kind === 'closed') return;
    this.#isCut = true;
    this.#up.cut();
    this.#down.cut();
    this.readers.interrupt();
    // Two processes do not notice at the same time; one that is back already has noticed before.
    this.#server.scheduler.after(this.#server.latency(), () =>
      this.process.deliver(() => {
        if (this.#isCut) this.#noticeLoss();
      }),
    );
  }

  /** The server is back, or the way to it. */
  findAgain(): void {
    const { random, scheduler, times } = this.#server;
    const delay = random.uniform() * times.reconnectMax;
    scheduler.after(delay, () => this.process.deliver(() => this.#comeBack()));
  }

  /**
   * Nothing arrives, in one direction or in both; after some unanswered pings the client takes the
   * connection for lost.
   */
  isolate(directions: { readonly up: boolean; readonly down: boolean }): void {
    if (directions.up) this.#up.stall();
    if (directions.down) this.#down.stall();
    const isolation = ++this.#isolations;
    this.#isIsolated = true;
    const { random, scheduler } = this.#server;
    const patience = busPingInterval * (busPingsUnanswered + random.uniform());
    scheduler.after(patience, () => {
      if (this.#isIsolated && isolation === this.#isolations) this.lose();
    });
  }

  /** What has waited arrives, unless it was given up. */
  rejoin(): void {
    this.#isIsolated = false;
    this.#up.resume();
    this.#down.resume();
    if (this.#isCut) this.findAgain();
  }

  loseAnswers(duration: number): void {
    this.#losesAnswersUntil = this.#server.scheduler.now + duration;
  }

  /** The server's end is over. */
  drop(): void {
    this.#isCut = true;
    this.#up.cut();
    this.#down.cut();
    this.readers.interrupt();
    this.#server.forget(this);
    void this.#session.close();
  }

  #noticeLoss(): void {
    if (this.#state.kind !== 'connected') return;
    this.#change({ kind: 'away', since: this.process.clock.now() });
    this.#refuseAll(new BusAwayError('The connection went away before the server answered'));
  }

  #comeBack(): void {
    if (!this.#isCut || this.#state.kind === 'closed') return;
    if (this.#isIsolated || !this.#server.isUp) return;
    if (this.#state.kind === 'connected') this.#noticeLoss();
    this.#isCut = false;
    for (const begin of this.#unsaid) this.#up.send(begin);
    this.readers.goOn();
    this.#change({ kind: 'connected' });
  }

  #toClient(arrive: () => void): void {
    if (!this.#isCut) this.#down.send(() => this.process.deliver(arrive));
  }

  #refusal(): Error | null {
    switch (this.#state.kind) {
      case 'connected':
        return null;
      case 'away':
        return new BusAwayError('Cannot reach the bus now: the server is away');
      case 'closed':
        return new BusLostError('Cannot use the bus: it is closed');
    }
  }

  #refuseAll(error: Error): void {
    const all = [...this.#waiting];
    this.#waiting.clear();
    for (const { refuse } of all) refuse(error);
  }

  #openConnection(): BusConnection {
    const state = (): BusConnectionState => this.#state;
    return {
      get state() {
        return state();
      },
      onChange: (listener) => {
        this.#watchers.add(listener);
        return { close: () => void this.#watchers.delete(listener) };
      },
    };
  }

  #change(state: BusConnectionState): void {
    this.#state = state;
    for (const watcher of this.#watchers) watcher(state);
  }
}
