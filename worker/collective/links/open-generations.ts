/**
 * The generations that this member is linked in. What lives for one of them, its sockets, its pending
 * operations and the port of the training thread, is made and dropped as one. Two may be open at a
 * time: the next one is linked while the one before still trains.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { MessagePort } from 'node:worker_threads';
import type { Clock } from '../../../shared/clock.js';
import { type Generation, type Rank, step } from '../../../shared/ids.js';
import { sharesOf } from '../../../shared/plan/lane-ownership.js';
import { type Millis, millis } from '../../../shared/units.js';
import type { Arithmetic } from '../../arithmetic/arithmetic.js';
import { AllReduceOperation } from '../all-reduce-operation.js';
import type { ChunkMemory } from '../chunk-memory.js';
import { Courier } from '../courier.js';
import { ExchangeAbortedError, LinksConnectError, toMessage } from '../errors.js';
import { GatherOperation } from '../gather-operation.js';
import type { Operation } from '../operation.js';
import { ReduceOperation } from '../reduce-operation.js';
import type { Tag } from '../tag.js';
import type { Traffic } from '../traffic.js';
import { connectMembers } from './connect-members.js';
import type { LinksServer } from './handshake/links-server.js';
import type { Trust } from './handshake/trust.js';
import type { FromExchange, LinkTrouble, ToExchange, ToLinks } from './links-messages.js';

export interface OpenGenerationsParts {
  readonly server: LinksServer;
  readonly trust: Trust;
  readonly arithmetic: Arithmetic;
  readonly memory: ChunkMemory;
  readonly traffic: Traffic;
  /** For deadlines of connecting. */
  readonly clock: Clock;
  /** A wait for a peer must not end because all of us stood still meanwhile. */
  readonly awakeClock: Clock;
  /** Called between two pieces of what the members' sockets bring: a drop does not wait for the rest. */
  readonly hearHost: () => void;
  readonly onTrouble: (trouble: LinkTrouble) => void;
  readonly onFailure: (error: Error) => void;
}

type Prepare = Extract<ToLinks, { kind: 'prepare' }>;
type Connect = Extract<ToLinks, { kind: 'connect' }>;

interface Open {
  readonly rank: Rank;
  readonly members: number;
  /** Of the training thread; null while its generation is prepared, and nobody has asked for it. */
  port: MessagePort | null;
  readonly connecting: AbortController;
  /** Who is not linked yet, and why. */
  readonly missing: Map<Rank, string>;
  /** Null while its members are being linked. */
  courier: Courier | null;
  readonly linked: Promise<Courier>;
}

/** A generation that is planned begins at the end of a step, however long that takes. */
const prepareLimit = millis(1_800_000);

/**
 * A member that still copies is linked, and its links tell when it is lost; the leader sees its bytes come, and
 * leaves it out where none do. This is for whoever no leader speaks to either.
 */
const readyLimit = millis(1_800_000);

/** Each tells the others by it that it has what it needs. */
const readyTag: Tag = { step: step(0), phase: 'ready', part: 0 };

export class OpenGenerations {
  readonly #parts: OpenGenerationsParts;
  readonly #open = new Map<Generation, Open>();
  /** That was prepared, or connected. */
  #newest = -1;
  /** That was connected, or dropped: none of these begins again. */
  #begun = -1;

  constructor(parts: OpenGenerationsParts) {
    this.#parts = parts;
  }

  /** Begins to link; what becomes of it is seen by whoever connects. */
  prepare(request: Prepare): void {
    if (request.membership.generation > this.#newest) this.#begin(request, prepareLimit);
  }

  /**
   * Links this member to all others of a generation, or takes the links that were prepared, serves its
   * port, and waits until all others have come as far. What is still being linked or only prepared of
   * an older one is given up.
   *
   * @throws LinksConnectError where one is not linked in time; ExchangeAbortedError where it is not the newest, or was dropped or
   * superseded meanwhile; PeerLostError where a peer is lost before all have come.
   */
  async connect(request: Connect): Promise<void> {
    const { connectDeadline, port } = request;
    const { generation } = request.membership;
    if (generation <= this.#begun || generation < this.#newest) {
      port.close();
      const newest = Math.max(this.#begun, this.#newest);
      throw new ExchangeAbortedError(`generation ${newest} had begun before ${generation}`);
    }
    this.#begun = generation;
    const open = this.#open.get(generation) ?? this.#begin(request, connectDeadline);
    open.port = port;
    try {
      await this.#meet(open, connectDeadline);
    } catch (error) {
      const { signal } = open.connecting;
      if (signal.aborted) throw signal.reason;
      this.drop(generation, 'its members could not be linked');
      if (error instanceof LinksConnectError) {
        const { peer, reason: detail } = error;
        this.#parts.onTrouble({ generation, peer, how: 'unreachable', detail });
      }
      throw error;
    }
  }

  /** Ends everything of a generation at once: its waits, its links, and its port. */
  drop(generation: Generation, reason: string): void {
    const open = this.#open.get(generation);
    if (open === undefined) return;
    this.#begun = Math.max(this.#begun, generation);
    this.#forget(generation, open, reason);
  }

  dropAll(reason: string): void {
    for (const generation of this.#open.keys()) this.drop(generation, reason);
  }

  /** Ends the links after what was sent; what is still being linked is given up. */
  close(): void {
    for (const { connecting, courier, port } of this.#open.values()) {
      connecting.abort(new ExchangeAbortedError('the links end'));
      courier?.close();
      port?.close();
    }
  }

  #begin(request: Prepare | Connect, limit: Millis): Open {
    const { addresses, generation, rank } = request.membership;
    this.#newest = generation;
    for (const [older, { courier, port }] of this.#open) {
      if (courier === null || port === null) this.drop(older, `generation ${generation} has begun`);
    }
    const connecting = new AbortController();
    const missing = new Map<Rank, string>();
    const linked = this.#link(request, limit, connecting.signal, missing);
    const members = addresses.length;
    const open: Open = { rank, members, port: null, connecting, missing, courier: null, linked };
    this.#open.set(generation, open);
    linked.then(
      (courier) => {
        open.courier = courier;
      },
      () => this.#discard(generation),
    );
    return open;
  }

  async #link(
    request: Prepare | Connect,
    limit: Millis,
    signal: AbortSignal,
    missing: Map<Rank, string>,
  ): Promise<Courier> {
    const { server, clock, trust } = this.#parts;
    const { deadline, secret = null } = request;
    const { generation } = request.membership;
    const known = secret ?? trust.secret;
    server.trust(known);
    const membership = { ...request.membership, trust: { ...trust, secret: known } };
    const links = await connectMembers(server, membership, limit, clock, signal, missing);
    if (signal.aborted) for (const link of links) link.terminate();
    signal.throwIfAborted();
    return this.#courier(generation, links, deadline);
  }

  /** Until every member is linked, for so long at most, and has said that it has what it needs. */
  async #meet(open: Open, limit: Millis): Promise<void> {
    const timer = new AbortController();
    const tooLate = delay(limit, undefined, { signal: timer.signal }).then(() => {
      const [peer, why] = [...open.missing][0] ?? [
        open.rank,
        `it was not linked within ${limit} ms`,
      ];
      throw new LinksConnectError(peer, why);
    });
    tooLate.catch(() => undefined);
    try {
      const courier = await Promise.race([open.linked, tooLate]);
      timer.abort();
      const { port, rank } = open;
      if (port === null) throw new ExchangeAbortedError('it was given up');
      port.on('message', (order: ToExchange) => this.#serve(courier, rank, port, order));
      const parts = Array.from({ length: open.members }, () => new Float32Array(1));
      await courier.run(new GatherOperation(readyTag, rank, parts), readyLimit);
    } finally {
      timer.abort();
    }
  }

  /** Of links that came to nothing while nobody had asked for them: whoever does begins anew. */
  #discard(generation: Generation): void {
    const open = this.#open.get(generation);
    if (open?.port === null) this.#forget(generation, open, 'its links came to nothing');
  }

  #forget(generation: Generation, open: Open, reason: string): void {
    this.#open.delete(generation);
    this.#parts.traffic.closed(generation);
    this.#parts.server.forget(generation);
    const { connecting, courier, port } = open;
    const error = new ExchangeAbortedError(reason);
    connecting.abort(error);
    const tell = (): void => {
      port?.postMessage({ kind: 'over', error: toMessage(error) } satisfies FromExchange);
      port?.close();
    };
    if (courier === null) tell();
    else courier.abort(error, tell);
  }

  #courier(
    generation: Generation,
    links: Awaited<ReturnType<typeof connectMembers>>,
    deadline: Connect['deadline'],
  ): Courier {
    const { arithmetic, awakeClock: clock, traffic, hearHost, onFailure, onTrouble } = this.#parts;
    const isAskedFor = (): boolean => this.#open.get(generation)?.port != null;
    const courier = new Courier({
      ...{ generation, links, arithmetic, clock, deadline, traffic },
      beforePiece: hearHost,
      onFailure: (error) => {
        if (isAskedFor()) onFailure(error);
        else this.#discard(generation);
      },
      onTrouble: (peer, how, detail) => {
        if (isAskedFor()) onTrouble({ generation, peer, how, detail });
      },
    });
    traffic.opened(generation, () => courier.traffic());
    return courier;
  }

  #serve(courier: Courier, rank: Rank, port: MessagePort, order: ToExchange): void {
    if (order.kind === 'abort') {
      courier.abort(new ExchangeAbortedError(order.reason));
      return;
    }
    const { id } = order;
    const answer = (error: unknown): void =>
      port.postMessage({
        kind: 'done',
        id,
        error: error === null ? null : toMessage(error),
      } satisfies FromExchange);
    courier.run(this.#operationOf(order, rank)).then(() => answer(null), answer);
  }

  #operationOf(request: Exclude<ToExchange, { kind: 'abort' }>, rank: Rank): Operation {
    if (request.kind === 'gather') return new GatherOperation(request.tag, rank, request.parts);
    const { arithmetic, memory } = this.#parts;
    const { tag, slices, contributions, scratch } = request;
    const shape = { shares: sharesOf(request.shares), slices };
    const parts = { tag, rank, shape, contributions, scratch, arithmetic, memory };
    return request.kind === 'reduce'
      ? new ReduceOperation(parts)
      : new AllReduceOperation(parts, request.into);
  }
}
