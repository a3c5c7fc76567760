import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Generation, Rank } from '../../../shared/ids.js';
import { stateHeaderBytes } from '../../../shared/limits.js';
import type { Position } from '../../../shared/membership/position.js';
import type { Millis } from '../../../shared/units.js';
import type { StateVectors } from '../../state/host-state.js';
import { stateSections } from '../../state/training-state.js';
import { fromMessage, StateTransferError } from '../errors.js';
import type { LinkStats } from '../traffic.js';
import type {
  Copied,
  OfferedState,
  StateOffer,
  StateSectionBytes,
  WantedState,
} from '../transfer/state-transfer.js';
import { Doorbell } from './doorbell.js';
import type { TlsFiles } from './handshake/trust.js';
import type { FromLinks, LinksThreadStart, LinkTrouble, ToLinks } from './links-messages.js';

export interface LinksHost {
  /** `host:port` that it listens on. */
  readonly address: string;
  readonly port: number;
  /**
   * Begins to link this member to all others of a generation that is planned, while it goes on in the
   * one before: `connect` finds the links there. What goes wrong is told by nobody, and tried again by
   * `connect`. Nothing where the generation has been seen before.
   */
  prepare(request: PrepareRequest): void;
  /**
   * Links this member to all others of a generation, and waits until all of them have been told to:
   * then each of them has what it needs to take part. Older ones that are linked stay open until they
   * are dropped; one that is still being linked is given up. A generation's only member needs no links.
   *
   * @returns the exchange of this generation, to be sent to the training thread and opened there with
   * `openExchange`
   * @throws LinksConnectError where a peer cannot be linked to in time; ExchangeAbortedError where the
   * generation was dropped or superseded meanwhile, or is no newer than one before.
   */
  connect(request: ConnectRequest): Promise<MessagePort>;
  /**
   * Ends everything of a generation at once: what is being linked, every wait of its exchange (with
   * ExchangeAbortedError), and its sockets. After the waits nothing reads or writes their memory.
   * Returns at once; a generation that is not open is none.
   */
  drop(generation: Generation, reason: string): void;
  /**
   * What peers that ask for a state are given, until the next call; null: nothing. When this returns
   * what was offered before may be changed: no range of it counts any more.
   *
   * @throws RangeError where its header is too long
   */
  serve(state: SharedVectors | null): void;
  /**
   * Copies a state that a peer holds, every range verified; only what differs travels.
   *
   * @throws StateAbsentError where the holder does not have it now; StateTransferError where it was
   * lost, has other sections or another secret, or the copy was aborted. The sections then hold no state.
   */
  copy(request: CopyRequest): Promise<StateOffer & { readonly fetched: number }>;
  /** Called once for each peer of each generation that cannot be heard, or not be reached. */
  onTrouble(listener: (trouble: LinkTrouble) => void): void;
  /** Called once for each generation that fails: with PeerLostError, PeerTimeoutError and others. */
  onFailure(listener: (error: Error) => void): void;
  /** Drops every generation. */
  abort(reason: string): void;
  /** Since the thread started. */
  stats(): Promise<LinkStats>;
  /** Ends the links after what was sent, and then the thread. */
  close(): Promise<void>;
}

export interface PrepareRequest {
  readonly generation: Generation;
  readonly rank: Rank;
  /** Every member's address by rank, this one's too. */
  readonly addresses: readonly string[];
  /** How long a peer may be silent while somebody waits for it. */
  readonly deadline: Millis;
  /** The job's secret, where `startLinks` was not given it. */
  readonly token?: string;
}

export interface ConnectRequest extends PrepareRequest {
  /** How long the peers have to appear; `deadline` where it is not given. */
  readonly connectDeadline?: Millis;
}

/** A state in shared memory. */
export interface SharedVectors {
  readonly position: Position;
  readonly header: string;
  readonly sections: StateVectors;
}

export interface CopyRequest {
  /** Of the holder's links. */
  readonly address: string;
  readonly wanted: WantedState;
  /** Makes room for what the holder offers; called once. */
  readonly room: (offer: StateOffer) => Promise<StateVectors>;
  /** Bytes have come. */
  readonly onBytes: () => void;
  readonly signal: AbortSignal;
}

export interface LinksOptions {
  /** To listen on. */
  readonly host: string;
  /** 0, or left out: a free one. */
  readonly port?: number;
  /** The job's: whoever dials must prove that it knows it, and so must whoever is dialled. */
  readonly secret?: Uint8Array;
  /** Every member has these, or none. */
  readonly tls?: TlsFiles;
}

/**
 * Starts the thread that owns this member's sockets.
 *
 * @throws Error of the system where `host` and `port` cannot be listened on, or a file not be read.
 */
export async function startLinks(options: LinksOptions): Promise<LinksHost> {
  const { host, port = 0, secret = null, tls = null } = options;
  const versions = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const bell = new Doorbell();
  const worker = new Worker(new URL('./links-thread.js', import.meta.url), {
    workerData: { host, port, secret, tls, versions, bell: bell.memory } satisfies LinksThreadStart,
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
  return new ThreadedLinks(worker, ended, address, versions, bell);
}

interface Pending<Result = void> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

class ThreadedLinks implements LinksHost {
  readonly address: string;
  readonly port: number;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #onTrouble: ((trouble: LinkTrouble) => void)[] = [];
  readonly #onFailure: ((error: Error) => void)[] = [];
  readonly #statsRequests = new Map<number, (stats: LinkStats) => void>();
  readonly #connecting = new Map<number, Pending>();
  readonly #copying = new Map<number, Pending<Copied> & CopyRequest>();
  readonly #versions: Int32Array;
  readonly #bell: Doorbell;
  #requests = 0;
  #alive = true;

  constructor(
    worker: Worker,
    ended: Promise<void>,
    address: string,
    versions: Int32Array,
    bell: Doorbell,
  ) {
    this.#versions = versions;
    this.#bell = bell;
    this.#worker = worker;
    this.#ended = ended;
    this.address = address;
    this.port = Number(address.slice(address.lastIndexOf(':') + 1));
    worker.on('message', (message: FromLinks) => this.#receive(message));
    worker.on('error', (error) => this.#fail(error));
    void ended.then(() => {
      this.#alive = false;
      for (const resolve of this.#statsRequests.values()) resolve(noTraffic);
      const error = new Error('Cannot link the members: the links thread has ended');
      for (const { reject } of this.#connecting.values()) reject(error);
      const given = new StateTransferError('the links thread has ended');
      for (const { reject } of this.#copying.values()) reject(given);
    });
  }

  prepare(request: PrepareRequest): void {
    this.#tell({ kind: 'prepare', ...toLink(request) });
  }

  async connect(request: ConnectRequest): Promise<MessagePort> {
    const { connectDeadline, deadline } = request;
    const id = this.#requests++;
    const { port1, port2 } = new MessageChannel();
    const connected = new Promise<void>((resolve, reject) => {
      this.#connecting.set(id, { resolve, reject });
    });
    const message: ToLinks = {
      kind: 'connect',
      ...toLink(request),
      id,
      connectDeadline: connectDeadline ?? deadline,
      port: port2,
    };
    this.#worker.postMessage(message, [port2]);
    await connected;
    return port1;
  }

  drop(generation: Generation, reason: string): void {
    this.#tell({ kind: 'drop', generation, reason });
    this.#bell.ring();
  }

  onTrouble(listener: (trouble: LinkTrouble) => void): void {
    this.#onTrouble.push(listener);
  }

  onFailure(listener: (error: Error) => void): void {
    this.#onFailure.push(listener);
  }

  abort(reason: string): void {
    this.#tell({ kind: 'drop', generation: null, reason });
    this.#bell.ring();
  }

  serve(state: SharedVectors | null): void {
    // Seen by the links thread at once, whatever it is doing.
    const version = Atomics.add(this.#versions, 0, 1) + 1;
    if (state !== null && state.header.length > stateHeaderBytes) {
      throw new RangeError(
        `Cannot give the state away: its header has ${state.header.length} characters: ` +
          `should be <= ${stateHeaderBytes}`,
      );
    }
    this.#tell({ kind: 'serve', state: state && offerOf(state), version });
  }

  async copy(request: CopyRequest): Promise<Copied> {
    const { address, wanted, signal } = request;
    if (!this.#alive) throw new StateTransferError('the links thread has ended');
    const id = this.#requests++;
    const cancel = (): void => this.#tell({ kind: 'cancel-copy', id });
    try {
      return await new Promise<Copied>((resolve, reject) => {
        this.#copying.set(id, { ...request, resolve, reject });
        this.#tell({ kind: 'copy', id, address, wanted });
        signal.addEventListener('abort', cancel);
        if (signal.aborted) cancel();
      });
    } finally {
      signal.removeEventListener('abort', cancel);
      this.#copying.delete(id);
    }
  }

  async #makeRoom(id: number, offer: StateOffer): Promise<void> {
    const copying = this.#copying.get(id);
    try {
      if (copying === undefined) return;
      const sections = bytesOfSections(await copying.room(offer));
      this.#tell({ kind: 'copy-into', id, sections });
    } catch (error) {
      copying?.reject(error as Error);
      this.#tell({ kind: 'cancel-copy', id });
    }
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
        this.#takeConnecting(message.id)?.resolve();
        return;
      case 'not-connected':
        this.#takeConnecting(message.id)?.reject(fromMessage(message.error));
        return;
      case 'trouble':
        for (const listener of this.#onTrouble) listener(message.trouble);
        return;
      case 'offered':
        void this.#makeRoom(message.id, message.offer);
        return;
      case 'copy-moved':
        this.#copying.get(message.id)?.onBytes();
        return;
      case 'copied':
        this.#copying.get(message.id)?.resolve(message.copied);
        return;
      case 'not-copied':
        this.#copying.get(message.id)?.reject(fromMessage(message.error));
        return;
      case 'failed':
        this.#fail(fromMessage(message.error));
        return;
      case 'stats':
        this.#statsRequests.get(message.id)?.(message.stats);
        this.#statsRequests.delete(message.id);
    }
  }

  #takeConnecting(id: number): Pending | undefined {
    const pending = this.#connecting.get(id);
    this.#connecting.delete(id);
    return pending;
  }

  #fail(error: Error): void {
    for (const listener of this.#onFailure) listener(error);
  }
}

const toLink = ({ rank, addresses, generation, deadline, token }: PrepareRequest) => ({
  membership: { rank, addresses, generation },
  secret: token === undefined ? null : Buffer.from(token),
  deadline,
});

const offerOf = ({ position, header, sections }: SharedVectors): OfferedState => ({
  position,
  header,
  sections: bytesOfSections(sections),
});

const bytesOfSections = (sections: StateVectors): StateSectionBytes[] =>
  stateSections.map((name) => {
    const { buffer, byteOffset, byteLength } = sections[name];
    return { name, bytes: new Uint8Array(buffer, byteOffset, byteLength) };
  });

const noTraffic: LinkStats = {
  ...{ sent: {}, received: {}, refusedFrames: 0, refusedConnections: 0, generations: [] },
};
