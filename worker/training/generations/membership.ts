/**
 * What a member has for one generation, made when it enters and dropped as one value when it leaves:
 * the exchange with its pending waits, the lanes that it owns, the names of what members tell each other.
 */
import { type Generation, type Lane, type Rank, type Step, step } from '../../../shared/ids.js';
import { lanesOf, sharesOf } from '../../../shared/plan/lane-ownership.js';
import type { Arithmetic } from '../../arithmetic/arithmetic.js';
import { ExchangeAbortedError } from '../../collective/errors.js';
import type { Exchange } from '../../collective/exchange.js';
import { openExchange } from '../../collective/open-exchange.js';
import type { Tag } from '../../collective/tag.js';
import type { Entry } from '../messages.js';

/** How a membership ends from outside. */
export type Ending = 'change' | 'abort';

export class Membership {
  readonly generation: Generation;
  readonly rank: Rank;
  readonly writes: boolean;
  readonly exchange: Exchange;
  readonly lanes: readonly Lane[];
  /** Settles when this member is to leave although it has nothing more to do. */
  readonly ended: Promise<Ending>;
  #end: (how: Ending) => void = () => undefined;
  #aborted: string | null = null;
  #operations = 0;

  constructor({ generation, rank, shares, links, writes }: Entry, arithmetic: Arithmetic) {
    this.generation = generation;
    this.rank = rank;
    this.writes = writes;
    this.exchange = openExchange(links, { rank, shares: sharesOf(shares), arithmetic });
    this.lanes = lanesOf(this.exchange.shares.run(rank));
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Names the next operation that is none of a step. All members ask for the same, in one order. */
  tag(committedSteps: number, phase: string): Tag {
    return { step: step(committedSteps) as Step, phase, part: this.#operations++ };
  }

  /** Every wait of the exchange fails now, here and at the peers. */
  abort(reason: string): void {
    this.#aborted ??= reason;
    this.exchange.abort(reason);
    this.#end('abort');
  }

  get isAborted(): boolean {
    return this.#aborted !== null;
  }

  /** @throws ExchangeAbortedError where it was aborted: looked at where nothing is waited for. */
  requireInside(): void {
    if (this.#aborted !== null) throw new ExchangeAbortedError(this.#aborted);
  }

  /** A newer generation is planned, and everything is done. */
  release(): void {
    this.#end('change');
  }

  close(): void {
    this.exchange.close();
  }
}
