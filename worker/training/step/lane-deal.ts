/** Things that are not in a plan, dealt to lanes in runs of their order, and so to members. */
import { rank } from '../../../shared/ids.js';
import type { Exchange } from '../../collective/exchange.js';

/** The part [start, end) of a list. */
export type Share = readonly [start: number, end: number];

export class LaneDeal {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** Of `count` things those of each lane that this member owns. */
  own(count: number): Share[] {
    const { rank: own, shares } = this.#exchange;
    const run = shares.run(own);
    return Array.from({ length: run.end - run.start }, (_, index) => [
      this.#first(run.start + index, count),
      this.#first(run.start + index + 1, count),
    ]);
  }

  /** Of `count` things those of each member, by rank. */
  ofMembers(count: number): Share[] {
    const { shares } = this.#exchange;
    return shares.counts.map((_, member) => {
      const run = shares.run(rank(member));
      return [this.#first(run.start, count), this.#first(run.end, count)];
    });
  }

  /** The first thing of a lane. */
  #first(lane: number, count: number): number {
    return Math.floor((lane * count) / this.#exchange.shares.lanes);
  }
}
