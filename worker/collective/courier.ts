/**
 * Runs operations over the links of one generation. It queues what they send, hands them what
 * arrives, holds frames whose operation has not been started here yet, and ends every wait: with
 * the operation's end, at a deadline, or at once when a peer is lost. The first failure is final:
 * the generation is over, and every operation, running or to come, fails with it.
 */
import type { Clock } from '../../shared/clock.js';
import type { Generation, Rank, Step } from '../../shared/ids.js';
import { type Millis, millis } from '../../shared/units.js';
import type { Arithmetic } from '../arithmetic/arithmetic.js';
import { PeerLostError, PeerTimeoutError } from './errors.js';
import { EarlyFrames } from './frames/early-frames.js';
import { FrameParser } from './frames/frame-parser.js';
import { FrameQueue } from './frames/frame-queue.js';
import { FrameError, type FrameHeader, headerBytes } from './frames/frames.js';
import { LinkMeter, type LinkTraffic } from './link-meter.js';
import type { Link } from './links/link.js';
import type { Operation, OutgoingFrame } from './operation.js';
import { tagKey } from './tag.js';
import type { Traffic } from './traffic.js';

export interface CourierOptions {
  readonly generation: Generation;
  readonly links: readonly Link[];
  readonly arithmetic: Arithmetic;
  readonly clock: Clock;
  /** How long nothing may move in an operation. */
  readonly deadline: Millis;
  readonly traffic: Traffic;
  /** Called before each piece that arrives is looked at; it may give everything up. */
  readonly beforePiece?: () => void;
  readonly onFailure?: (error: Error) => void;
  /** Called once for each peer that is lost or silent, also of those after the first. */
  readonly onTrouble?: (peer: Rank, how: 'closed' | 'silent', detail: string) => void;
}

interface Task {
  readonly operation: Operation;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  /** Bytes that have not left, by peer. */
  readonly unsent: Map<Rank, number>;
  bytesToSend: number;
  movedAt: Millis;
  /** How long nothing may move in it. */
  readonly deadline: Millis;
}

class Peer {
  readonly link: Link;
  readonly queue: FrameQueue;
  readonly early = new EarlyFrames();
  readonly meter: LinkMeter;
  /** Operations that lack something of it. */
  readonly owes = new Set<Task>();
  departed = false;
  /** The operation that has opened the frame whose payload is arriving; null where none had started. */
  opener: Task | null = null;

  constructor(link: Link) {
    this.link = link;
    this.meter = new LinkMeter(link.peer);
    this.queue = new FrameQueue(link);
  }
}

export class Courier {
  readonly #options: CourierOptions;
  readonly #peers = new Map<Rank, Peer>();
  readonly #tasks = new Map<string, Task>();
  readonly #troubled = new Set<Rank>();
  #failure: Error | null = null;
  #lastStep: Step | null = null;
  #timer: { readonly at: number; readonly running: NodeJS.Timeout } | null = null;

  constructor(options: CourierOptions) {
    this.#options = options;
    for (const link of options.links) this.#peers.set(link.peer, new Peer(link));
    for (const peer of this.#peers.values()) this.#listen(peer);
  }

  /**
   * Resolves when everything that `operation` sends has left and everything it needs is there.
   *
   * @param deadline how long nothing may move in it, where that is not as for all others
   * @throws PeerLostError, PeerTimeoutError, ExchangeAbortedError
   */
  run(operation: Operation, deadline = this.#options.deadline): Promise<void> {
    const key = tagKey(operation.tag);
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) {
        reject(this.#failure);
        return;
      }
      if (this.#tasks.has(key)) {
        reject(new RangeError(`Cannot start ${key}: one is running: tags must differ`));
        return;
      }
      this.#lastStep = operation.tag.step;
      const task: Task = {
        operation,
        resolve,
        reject,
        unsent: new Map(),
        bytesToSend: operation.outgoingBytes,
        movedAt: this.#options.clock.now(),
        deadline,
      };
      this.#tasks.set(key, task);
      this.#watch();
      operation.start((peer, frames) => this.#enqueue(task, peer, frames));
      for (const peer of this.#peers.values()) {
        this.#distrustful(peer, () => this.#deliverEarly(peer, key, task));
      }
      for (const peer of this.#peers.values()) {
        this.#requireLeftover(peer);
        if (!operation.owes(peer.link.peer)) continue;
        peer.owes.add(task);
        peer.meter.waits(this.#options.clock.now());
      }
      this.#settle(task);
    });
  }

  /** What each link has carried so far. */
  traffic(): LinkTraffic[] {
    const now = this.#options.clock.now();
    return [...this.#peers.values()].map(({ meter }) => meter.read(now));
  }

  /**
   * Fails everything at once and cuts the links. Nothing is read from an operation's memory, nor
   * written to it, once its promise has been rejected.
   *
   * @param told called when that holds, and before the links are cut: what has piled up in their
   * sockets takes milliseconds to free
   */
  abort(error: Error, told?: () => void): void {
    this.#fail(error);
    told?.();
    for (const { link } of this.#peers.values()) link.terminate();
  }

  /** Ends the links after what was sent; peers that need nothing more do not mind. */
  close(): void {
    for (const { link } of this.#peers.values()) link.close();
  }

  #listen(peer: Peer): void {
    const { link } = peer;
    const { arithmetic } = this.#options;
    const parser = new FrameParser(
      {
        open: (header) => this.#open(peer, header),
        complete: (header, payload) => this.#complete(peer, header, payload),
      },
      arithmetic.copy,
    );
    link.open({
      bytes: (chunk) => {
        this.#options.beforePiece?.();
        if (this.#failure !== null) return;
        this.#distrustful(peer, () => parser.push(chunk));
      },
      departed: () => {
        peer.departed = true;
        this.#requireLeftover(peer);
      },
      lost: (how) => this.#lose(link.peer, how),
    });
  }

  /** A peer that sends what it does not owe is lost: nothing that comes after can be trusted. */
  #distrustful({ link }: Peer, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#lose(link.peer, error.message, error);
      link.terminate();
    }
  }

  #open(peer: Peer, header: FrameHeader): Uint8Array | 'skip' {
    const { generation, traffic } = this.#options;
    if (header.generation < generation) {
      traffic.refusedFrames++;
      return 'skip';
    }
    if (header.generation > generation) {
      throw new FrameError(`generation is ${header.generation}: should be ${generation}`);
    }
    // What the rest of a piece holds behind the frame that ended everything.
    if (this.#failure !== null) return 'skip';
    peer.meter.receives(this.#options.clock.now());
    peer.opener = this.#tasks.get(tagKey(header.tag)) ?? null;
    return peer.opener?.operation.open(peer.link.peer, header) ?? new Uint8Array(header.byteLength);
  }

  #complete(peer: Peer, header: FrameHeader, payload: Uint8Array): void {
    const { traffic } = this.#options;
    traffic.countReceived(header.tag.phase, headerBytes + header.byteLength);
    peer.meter.received(this.#options.clock.now(), headerBytes + header.byteLength);
    if (peer.opener !== null) {
      this.#receive(peer, peer.opener, header);
      return;
    }
    const key = tagKey(header.tag);
    peer.early.keep(key, { header, payload });
    if (peer.early.isFull) peer.link.pause();
    // Its operation may have been started while the payload was on its way.
    const task = this.#tasks.get(key);
    if (task !== undefined) {
      this.#deliverEarly(peer, key, task);
      this.#settle(task);
    }
  }

  #receive(peer: Peer, task: Task, header: FrameHeader): void {
    task.movedAt = this.#options.clock.now();
    task.operation.receive(peer.link.peer, header);
    this.#served(peer, task);
    this.#settle(task);
  }

  #served(peer: Peer, task: Task): void {
    if (task.operation.owes(peer.link.peer) || !peer.owes.delete(task)) return;
    peer.meter.served(this.#options.clock.now());
  }

  #deliverEarly(peer: Peer, key: string, task: Task): void {
    const { early, link } = peer;
    const wasFull = early.isFull;
    for (const { header, payload } of early.take(key)) {
      this.#options.arithmetic.copy(task.operation.open(link.peer, header), payload);
      task.operation.receive(link.peer, header);
    }
    this.#served(peer, task);
    if (wasFull && !early.isFull) link.resume();
  }

  #enqueue(task: Task, rank: Rank, frames: Iterable<OutgoingFrame>): void {
    const peer = this.#peers.get(rank) as Peer;
    const { generation, clock, traffic } = this.#options;
    const { tag } = task.operation;
    peer.queue.push({
      frames: frames[Symbol.iterator](),
      complete: (header, byteLength) => {
        task.unsent.set(rank, (task.unsent.get(rank) ?? 0) + byteLength);
        return { ...header, generation, tag, byteLength };
      },
      sent: (bytes) => {
        traffic.countSent(tag.phase, headerBytes + bytes);
        task.unsent.set(rank, (task.unsent.get(rank) ?? 0) - bytes);
        task.bytesToSend -= bytes;
        task.movedAt = clock.now();
        peer.meter.sent(headerBytes + bytes);
        this.#settle(task);
      },
    });
  }

  #settle(task: Task): void {
    if (task.bytesToSend > 0 || this.#owing(task) !== null) return;
    if (this.#tasks.delete(tagKey(task.operation.tag))) task.resolve();
    this.#watch();
  }

  #owing({ operation }: Task): Rank | null {
    for (const rank of this.#peers.keys()) if (operation.owes(rank)) return rank;
    return null;
  }

  /** A peer that has departed can neither give nor take what an operation still needs. */
  #requireLeftover(peer: Peer): void {
    if (!peer.departed) return;
    const { peer: rank } = peer.link;
    for (const { operation, unsent } of this.#tasks.values()) {
      if (operation.owes(rank) || (unsent.get(rank) ?? 0) > 0 || !peer.queue.empty) {
        this.#lose(rank, 'it ended its part of the run');
        return;
      }
    }
  }

  #lose(peer: Rank, how: string, cause?: Error): void {
    const [running] = this.#tasks.values();
    const step = running?.operation.tag.step ?? this.#lastStep;
    this.#fail(new PeerLostError(peer, step, how, cause === undefined ? {} : { cause }));
    this.#tell(peer, 'closed', how);
  }

  #tell(peer: Rank, how: 'closed' | 'silent', detail: string): void {
    if (this.#troubled.has(peer)) return;
    this.#troubled.add(peer);
    this.#options.onTrouble?.(peer, how, detail);
  }

  #fail(error: Error): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    const tasks = [...this.#tasks.values()];
    this.#tasks.clear();
    for (const { queue } of this.#peers.values()) queue.clear();
    this.#watch();
    for (const { reject } of tasks) reject(error);
    this.#options.onFailure?.(error);
  }

  /** Keeps one timer for the operation whose deadline comes first, as it was when it was looked at last. */
  #watch(): void {
    const due = [...this.#tasks.values()].map(({ deadline, movedAt }) => movedAt + deadline);
    const at = Math.min(...due);
    if (this.#timer !== null && at >= this.#timer.at && due.length > 0) return;
    if (this.#timer !== null) clearTimeout(this.#timer.running);
    this.#timer = null;
    if (due.length === 0) return;
    const running = setTimeout(
      () => {
        this.#timer = null;
        this.#expire();
        this.#watch();
      },
      Math.max(1, at - this.#options.clock.now()),
    );
    this.#timer = { at, running };
  }

  #expire(): void {
    for (const task of this.#tasks.values()) {
      const silentFor = millis(this.#options.clock.now() - task.movedAt);
      if (silentFor < task.deadline) continue;
      const rank = this.#owing(task) ?? firstUnsent(task);
      const error = new PeerTimeoutError(rank, task.operation.tag.step, silentFor);
      this.#fail(error);
      this.#tell(rank, 'silent', error.message);
      return;
    }
  }
}

function firstUnsent({ unsent }: Task): Rank {
  for (const [rank, bytes] of unsent) if (bytes > 0) return rank;
  return 0 as Rank;
}
