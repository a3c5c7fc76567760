/**
 * What one worker has of one generation's links: which peers are linked, and the exchange over them.
 * It is made and dropped as one; a part that comes for another generation finds nobody.
 */
import { step } from '../../shared/ids.js';
import type { Millis } from '../../shared/units.js';
import {
  ExchangeAbortedError,
  LinksConnectError,
  PeerLostError,
  PeerTimeoutError,
} from '../../worker/collective/errors.js';
import type { SimProcess } from '../time/sim-process.js';
import type { LinkMessage } from './sim-network.js';

type Rank = PeerLostError['peer'];

export interface GenerationParts {
  readonly process: SimProcess;
  readonly generation: number;
  readonly rank: Rank;
  /** By rank. */
  readonly addresses: readonly string[];
  /** How long a peer may be silent while somebody waits for it. */
  readonly deadline: Millis;
  readonly send: (to: string, message: LinkMessage) => void;
  readonly onTrouble: (
    peer: Rank,
    how: 'closed' | 'silent' | 'unreachable',
    detail: string,
  ) => void;
  /** It was only prepared, and has come to nothing. */
  readonly onDiscard: () => void;
}

interface Gathering {
  readonly tag: string;
  readonly parts: Map<Rank, unknown>;
  readonly resolve: (parts: unknown[]) => void;
  readonly reject: (error: Error) => void;
}

/** How often a member says again that it wants to be linked. */
const helloInterval = 60;

export class SimGeneration {
  /** Every member is linked, and has said that it has what it needs. */
  readonly met: Promise<void>;
  readonly #parts: GenerationParts;
  readonly #linked = new Set<Rank>();
  readonly #ready = new Set<Rank>();
  /** Parts that came before anyone waited for them, by tag. */
  readonly #early = new Map<string, Map<Rank, unknown>>();
  #resolve: () => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #state: 'linking' | 'linked' | 'met' | 'over' = 'linking';
  #isAskedFor = false;
  #gathering: Gathering | null = null;
  #failure: Error | null = null;
  #gatherings = 0;

  constructor(parts: GenerationParts) {
    this.#parts = parts;
    this.met = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever waits for it hears of it; where nobody does any more, it is no failure of its own.
    this.met.catch(() => undefined);
    this.#sayHello();
  }

  get isUnderWay(): boolean {
    return this.#isAskedFor && (this.#state === 'linked' || this.#state === 'met');
  }

  /** Its member has what it needs: from now on its troubles are told. */
  askFor(connectDeadline: Millis): void {
    this.#isAskedFor = true;
    this.#parts.process.after(connectDeadline, () => this.#giveUpLinking(connectDeadline));
    this.#sayReady();
  }

  /**
   * Everyone's part, by rank.
   *
   * @throws PeerLostError, PeerTimeoutError, ExchangeAbortedError
   */
  gather(tag: string, part: unknown): Promise<unknown[]> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const { addresses, generation, rank, send } = this.#parts;
    for (const [peer, address] of addresses.entries()) {
      if (peer !== rank) send(address, { kind: 'part', generation, tag, part });
    }
    const waiting = new Promise<unknown[]>((resolve, reject) => {
      const early = this.#early.get(tag) ?? new Map<Rank, unknown>();
      this.#early.delete(tag);
      this.#gathering = { tag, parts: early.set(rank, part), resolve, reject };
    });
    this.#watchSilence(++this.#gatherings);
    this.#tryToFinish();
    return waiting;
  }

  hello(from: string): void {
    const peer = this.#rankOf(from);
    if (peer === null || this.#linked.has(peer)) return;
    this.#linked.add(peer);
    // It may not have heard us yet.
    this.#parts.send(from, { kind: 'hello', generation: this.#parts.generation });
    if (this.#state !== 'linking' || this.#linked.size < this.#parts.addresses.length - 1) return;
    this.#state = 'linked';
    this.#sayReady();
  }

  ready(from: string): void {
    const peer = this.#rankOf(from);
    if (peer === null || this.#state === 'over') return;
    this.#ready.add(peer);
    this.#tryToMeet();
  }

  /** The peer has no such generation any more. */
  refused(from: string): void {
    const peer = this.#rankOf(from);
    if (peer === null || this.#state !== 'linking') return;
    const why = 'it refused';
    this.#fail(peer, 'unreachable', new LinksConnectError(peer, why), why);
  }

  part(from: string, tag: string, part: unknown): void {
    const peer = this.#rankOf(from);
    if (peer === null || this.#state === 'over') return;
    if (this.#gathering?.tag === tag) {
      this.#gathering.parts.set(peer, part);
      this.#tryToFinish();
      return;
    }
    const early = this.#early.get(tag) ?? new Map<Rank, unknown>();
    this.#early.set(tag, early.set(peer, part));
  }

  closed(from: string, why: string): void {
    const peer = this.#rankOf(from);
    if (peer === null || this.#state === 'over') return;
    // A peer that is not there yet is tried again until the deadline.
    if (this.#state === 'linking') {
      this.#linked.delete(peer);
      this.#ready.delete(peer);
    } else this.#fail(peer, 'closed', new PeerLostError(peer, null, why), why);
  }

  /** Ends every wait, and tells the peers. */
  drop(reason: string): void {
    this.#state = 'over';
    this.#end(new ExchangeAbortedError(reason));
    this.#tellClosed(reason);
  }

  #tellClosed(reason: string): void {
    const { addresses, generation, rank, send } = this.#parts;
    for (const [peer, address] of addresses.entries()) {
      if (peer !== rank) send(address, { kind: 'closed', generation, why: reason });
    }
  }

  #sayHello(): void {
    if (this.#state !== 'linking') return;
    const { addresses, generation, process, rank, send } = this.#parts;
    for (const [peer, address] of addresses.entries()) {
      if (peer !== rank && !this.#linked.has(peer as Rank))
        send(address, { kind: 'hello', generation });
    }
    process.after(helloInterval, () => this.#sayHello());
  }

  #sayReady(): void {
    if (!this.#isAskedFor || this.#state !== 'linked') return;
    const { addresses, generation, rank, send } = this.#parts;
    for (const [peer, address] of addresses.entries()) {
      if (peer !== rank) send(address, { kind: 'ready', generation });
    }
    this.#tryToMeet();
  }

  #tryToMeet(): void {
    if (!this.#isAskedFor || this.#state !== 'linked') return;
    if (this.#ready.size < this.#parts.addresses.length - 1) return;
    this.#state = 'met';
    this.#resolve();
  }

  #giveUpLinking(waited: Millis): void {
    if (this.#state !== 'linking') return;
    const { addresses, rank } = this.#parts;
    const missing = addresses.findIndex(
      (_, peer) => peer !== rank && !this.#linked.has(peer as Rank),
    ) as Rank;
    const why = `it did not link within ${waited} ms`;
    this.#fail(missing, 'unreachable', new LinksConnectError(missing, why), why);
  }

  /** Of what is waited for now, by the time of this process alone. */
  #watchSilence(gathering: number): void {
    const { addresses, deadline, process } = this.#parts;
    process.after(deadline, () => {
      const waiting = this.#gathering;
      if (waiting === null || gathering !== this.#gatherings || this.#state === 'over') return;
      const silent = addresses.findIndex((_, peer) => !waiting.parts.has(peer as Rank)) as Rank;
      const why = `nothing came for ${deadline} ms`;
      this.#fail(silent, 'silent', new PeerTimeoutError(silent, step(0), deadline), why);
    });
  }

  #tryToFinish(): void {
    const waiting = this.#gathering;
    if (waiting === null || waiting.parts.size < this.#parts.addresses.length) return;
    this.#gathering = null;
    waiting.resolve(this.#parts.addresses.map((_, rank) => waiting.parts.get(rank as Rank)));
  }

  #fail(peer: Rank, how: 'closed' | 'silent' | 'unreachable', error: Error, why: string): void {
    if (this.#failure !== null) return;
    this.#state = 'over';
    this.#end(error);
    if (this.#isAskedFor) this.#parts.onTrouble(peer, how, why);
    else {
      this.#tellClosed(why);
      this.#parts.onDiscard();
    }
  }

  #end(error: Error): void {
    this.#failure ??= error;
    this.#reject(error);
    const waiting = this.#gathering;
    this.#gathering = null;
    waiting?.reject(error);
  }

  #rankOf(address: string): Rank | null {
    const rank = this.#parts.addresses.indexOf(address);
    return rank < 0 ? null : (rank as Rank);
  }
}
