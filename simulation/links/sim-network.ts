/**
 * The network between workers: one way from each to each, along which messages arrive in order and
 * late, or wait while a partition lasts, or are lost with a broken socket.
 */
import type { Random } from '../../shared/random.js';
import { Pipe } from '../bus/pipe.js';
import type { Scheduler } from '../time/scheduler.js';
import type { SimProcess } from '../time/sim-process.js';

/** In place of an address. */
export const everyone = '*';

/** What one worker's sockets say to another's. */
export type LinkMessage =
  /** Wants to be linked in a generation, or says so again. */
  | { readonly kind: 'hello'; readonly generation: number }
  /** Has what it needs to take part in it. */
  | { readonly kind: 'ready'; readonly generation: number }
  /** It is over here. */
  | { readonly kind: 'refused'; readonly generation: number }
  | {
      readonly kind: 'part';
      readonly generation: number;
      readonly tag: string;
      readonly part: unknown;
    }
  /** The sockets of a generation are closed; null: all of them are. */
  | { readonly kind: 'closed'; readonly generation: number | null; readonly why: string }
  | { readonly kind: 'ask-state'; readonly copy: string; readonly question: unknown }
  | { readonly kind: 'state-part'; readonly copy: string; readonly part: unknown };

/** A worker's end: one process's sockets. */
export interface LinkEnd {
  readonly address: string;
  readonly process: SimProcess;
  receive(from: string, message: LinkMessage): void;
}

export class SimNetwork {
  readonly scheduler: Scheduler;
  readonly #random: Random;
  readonly #ends = new Map<string, LinkEnd>();
  readonly #pipes = new Map<string, Pipe>();
  /** For how many reasons nothing moves, by way. */
  readonly #closed = new Map<string, number>();
  #ports = 20000;

  constructor(scheduler: Scheduler, random: Random) {
    this.scheduler = scheduler;
    this.#random = random;
  }

  /** Every process listens at a port of its own: nothing of a dead one reaches its successor. */
  newAddress(): string {
    return `10.0.0.1:${++this.#ports}`;
  }

  listen(end: LinkEnd): void {
    this.#ends.set(end.address, end);
  }

  /** The process is gone: whoever talks to it hears that at once, unless a partition is between. */
  closeAll(end: LinkEnd, why: string): void {
    this.#ends.delete(end.address);
    for (const other of this.#ends.values()) {
      this.#pipe(end.address, other.address).send(() =>
        this.#arrive(other.address, end.address, { kind: 'closed', generation: null, why }),
      );
    }
  }

  send(from: LinkEnd, to: string, message: LinkMessage): void {
    this.#pipe(from.address, to).send(() => {
      if (this.#ends.has(to)) this.#arrive(to, from.address, message);
      else {
        const why = 'nobody listens there';
        this.#pipe(to, from.address).send(() =>
          this.#arrive(from.address, to, { kind: 'closed', generation: null, why }),
        );
      }
    });
  }

  /** Both ends are told, and what was under way is lost. */
  break(a: LinkEnd, b: LinkEnd): void {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const pipe = this.#pipe(from.address, to.address);
      pipe.cut();
      pipe.send(() =>
        this.#arrive(to.address, from.address, {
          kind: 'closed',
          generation: null,
          why: 'the socket was reset',
        }),
      );
    }
  }

  /** Nothing arrives on these ways until they are opened as often as they were closed. */
  close(from: string, to: string): void {
    this.#change(from, to, 1);
  }

  open(from: string, to: string): void {
    this.#change(from, to, -1);
  }

  #change(from: string, to: string, by: number): void {
    const way = wayOf(from, to);
    this.#closed.set(way, Math.max(0, (this.#closed.get(way) ?? 0) + by));
    for (const [of, pipe] of this.#pipes) {
      const [a = '', b = ''] = of.split('>');
      if (this.#isClosed(a, b)) pipe.stall();
      else pipe.resume();
    }
  }

  #isClosed(from: string, to: string): boolean {
    return [wayOf(from, to), wayOf(from, everyone), wayOf(everyone, to)].some(
      (way) => (this.#closed.get(way) ?? 0) > 0,
    );
  }

  #arrive(to: string, from: string, message: LinkMessage): void {
    const end = this.#ends.get(to);
    end?.process.deliver(() => end.receive(from, message));
  }

  #pipe(from: string, to: string): Pipe {
    const way = wayOf(from, to);
    const known = this.#pipes.get(way);
    if (known !== undefined) return known;
    const slowness = (): number => Math.max(this.#slownessOf(from), this.#slownessOf(to));
    const pipe = new Pipe(this.scheduler, () => (0.05 + 2 * this.#random.uniform()) * slowness());
    this.#pipes.set(way, pipe);
    if (this.#isClosed(from, to)) pipe.stall();
    return pipe;
  }

  #slownessOf(address: string): number {
    return this.#ends.get(address)?.process.slowness ?? 1;
  }
}

const wayOf = (from: string, to: string): string => `${from}>${to}`;
