import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Generation, Rank } from '../../../shared/ids.js';
import { type Millis, millis } from '../../../shared/units.js';
import { fromMessage } from '../errors.js';
import type { LinkStats } from '../traffic.js';
import type { FromLinks, ToLinks } from './links-messages.js';

export interface LinksHost {
  /** `host:port` for the peers. */
  readonly address: string;
  /**
   * Links this member to all others and ends an older generation.
   *
   * @returns the training thread's port, for `openExchange`
   * @throws LinksConnectError
   */
  connect(request: ConnectRequest): Promise<MessagePort>;
  /** Called once for each generation that fails: with PeerLostError, PeerTimeoutError and others. */
  onFailure(listener: (error: Error) => void): void;
  /** Gives up every exchange with ExchangeAbortedError and cuts the links; returns at once. */
  abort(reason: string): void;
  /** Since the thread started. */
  stats(): Promise<LinkStats>;
  /** Ends the links after what was sent, and then the thread. */
  close(): Promise<void>;
}

export interface ConnectRequest {
  readonly rank: Rank;
  /** Every member's address by rank, this one's too. */
  readonly addresses: readonly string[];
  readonly generation: Generation;
  /** How long a peer may be silent while somebody waits for it. */
  readonly deadline: Millis;
  /** How long the peers have to appear; `deadline` where it is not given. */
  readonly connectDeadline?: Millis;
  /** The run's secret; only a peer that knows it is let in. */
  readonly token?: string;
}

/**
 * Starts the thread that owns this member's sockets.
 *
 * @throws Error of the system where `host` cannot be listened on.
 */
export async function startLinks({ host }: { readonly host: string }): Promise<LinksHost> {
  const worker = new Worker(new URL('./links-thread.js', import.meta.url), {
    workerData: { host },
    name: 'links',
  });
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const address = await new Promise<string>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (message: FromLinks) => {
      worker.off('error', reject);
      if (message.kind === 'listening') resolve(message.address);
    });
  });
  return new ThreadedLinks(worker, ended, address);
}

class ThreadedLinks implements LinksHost {
  readonly address: string;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #listeners: ((error: Error) => void)[] = [];
  readonly #statsRequests = new Map<number, (stats: LinkStats) => void>();
  #connecting: { resolve: () => void; reject: (error: Error) => void } | null = null;
  #requests = 0;
  #alive = true;

  constructor(worker: Worker, ended: Promise<void>, address: string) {
    this.#worker = worker;
    this.#ended = ended;
    this.address = address;
    worker.on('message', (message: FromLinks) => this.#receive(message));
    worker.on('error', (error) => this.#fail(error));
    void ended.then(() => {
      this.#alive = false;
      for (const resolve of this.#statsRequests.values()) resolve(noTraffic);
      this.#connecting?.reject(new Error('Cannot link the members: the links thread has ended'));
    });
  }

  async connect(request: ConnectRequest): Promise<MessagePort> {
    const { rank, addresses, generation, deadline, connectDeadline, token } = request;
    const { port1, port2 } = new MessageChannel();
    const connected = new Promise<void>((resolve, reject) => {
      this.#connecting = { resolve, reject };
    });
    const message: ToLinks = {
      kind: 'connect',
      membership: { rank, addresses, generation, token: token ?? '' },
      connectDeadline: connectDeadline ?? deadline,
      deadline: millis(deadline),
      port: port2,
    };
    this.#worker.postMessage(message, [port2]);
    await connected;
    return port1;
  }

  onFailure(listener: (error: Error) => void): void {
    this.#listeners.push(listener);
  }

  abort(reason: string): void {
    this.#tell({ kind: 'abort', reason });
  }

  stats(): Promise<LinkStats> {
    if (!this.#alive) return Promise.resolve(noTraffic);
    const id = this.#requests++;
    return new Promise((resolve) => {
      this.#statsRequests.set(id, resolve);
      this.#tell({ kind: 'stats', id });
    });
  }

  async close(): Promise<void> {
    this.#tell({ kind: 'close' });
    await this.#ended;
  }

  #tell(message: ToLinks): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromLinks): void {
    switch (message.kind) {
      case 'listening':
        return;
      case 'connected':
        this.#connecting?.resolve();
        return;
      case 'not-connected':
        this.#connecting?.reject(fromMessage(message.error));
        return;
      case 'failed':
        this.#fail(fromMessage(message.error));
        return;
      case 'stats':
        this.#statsRequests.get(message.id)?.(message.stats);
        this.#statsRequests.delete(message.id);
    }
  }

  #fail(error: Error): void {
    for (const listener of this.#listeners) listener(error);
  }
}

const noTraffic: LinkStats = { sent: {}, received: {}, refusedFrames: 0, refusedConnections: 0 };
