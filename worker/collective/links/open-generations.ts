/**
 * The generations that this member is linked in. What lives for one of them, its sockets, its pending
 * operations and the port of the training thread, is made and dropped as one. Two may be open at a
 * time: the next one is linked while the one before still trains.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Clock } from '../../../shared/clock.js';
import type { Generation, Rank } from '../../../shared/ids.js';
import { sharesOf } from '../../../shared/plan/lane-ownership.js';
import type { Arithmetic } from '../../arithmetic/arithmetic.js';
import { AllReduceOperation } from '../all-reduce-operation.js';
import type { ChunkMemory } from '../chunk-memory.js';
import { Courier } from '../courier.js';
import { ExchangeAbortedError, LinksConnectError, toMessage } from '../errors.js';
import { GatherOperation } from '../gather-operation.js';
import type { Operation } from '../operation.js';
import { ReduceOperation } from '../reduce-operation.js';
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

type Connect = Extract<ToLinks, { kind: 'connect' }>;

interface Open {
  readonly port: MessagePort;
  readonly connecting: AbortController;
  /** Null while its members are being linked. */
  courier: Courier | null;
}

export class OpenGenerations {
  readonly #parts: OpenGenerationsParts;
  readonly #open = new Map<Generation, Open>();
  #newest = -1;

  constructor(parts: OpenGenerationsParts) {
    this.#parts = parts;
  }

  /**
   * Links this member to all others of a generation and serves its port. What is still being linked
   * of an older one is given up.
   *
   * @throws LinksConnectError; ExchangeAbortedError where it is not the newest, or was dropped or
   * superseded meanwhile.
   */
  async connect(request: Connect): Promise<void> {
    const { connectDeadline, deadline, port } = request;
    const { generation, rank } = request.membership;
    const { server, clock } = this.#parts;
    const secret = request.secret ?? this.#parts.trust.secret;
    server.trust(secret);
    const membership = { ...request.membership, trust: { ...this.#parts.trust, secret } };
    if (generation <= this.#newest) {
      port.close();
      throw new ExchangeAbortedError(`generation ${this.#newest} had begun before ${generation}`);
    }
    this.#newest = generation;
    for (const [older, { courier }] of this.#open) {
      if (courier === null) this.drop(older, `generation ${generation} has begun`);
    }
    const open: Open = { port, connecting: new AbortController(), courier: null };
    this.#open.set(generation, open);
    const { signal } = open.connecting;
    try {
      const links = await connectMembers(server, membership, connectDeadline, clock, signal);
      if (signal.aborted) for (const link of links) link.terminate();
      signal.throwIfAborted();
      const courier = this.#courier(generation, links, deadline);
      open.courier = courier;
      port.on('message', (order: ToExchange) => this.#serve(courier, rank, port, order));
    } catch (error) {
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
    this.#open.delete(generation);
    this.#parts.server.forget(generation);
    const error = new ExchangeAbortedError(reason);
    open.connecting.abort(error);
    const tell = (): void => {
      open.port.postMessage({ kind: 'over', error: toMessage(error) } satisfies FromExchange);
      open.port.close();
    };
    if (open.courier === null) tell();
    else open.courier.abort(error, tell);
  }

  dropAll(reason: string): void {
    for (const generation of this.#open.keys()) this.drop(generation, reason);
  }

  /** Ends the links after what was sent; what is still being linked is given up. */
  close(): void {
    for (const { connecting, courier, port } of this.#open.values()) {
      connecting.abort(new ExchangeAbortedError('the links end'));
      courier?.close();
      port.close();
    }
  }

  #courier(
    generation: Generation,
    links: Awaited<ReturnType<typeof connectMembers>>,
    deadline: Connect['deadline'],
  ): Courier {
    const { arithmetic, awakeClock: clock, traffic, hearHost, onFailure, onTrouble } = this.#parts;
    return new Courier({
      ...{ generation, links, arithmetic, clock, deadline, traffic, onFailure },
      beforePiece: hearHost,
      onTrouble: (peer, how, detail) => onTrouble({ generation, peer, how, detail }),
    });
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
