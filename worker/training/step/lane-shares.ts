/** Things that are not in a plan, dealt to lanes in runs of their order, and so to members. */
import { rank } from '../../../shared/ids.js';
import { laneRun } from '../../../shared/plan/lane-ownership.js';
import type { Exchange } from '../../collective/exchange.js';

/** The part [start, end) of a list. */
export type Share = readonly [start: number, end: number];

export class LaneShares {
  readonly #exchange: Exchange;
  readonly #lanes: number;

  constructor(exchange: Exchange, lanes: number) {
    this.#exchange = exchange;
    this.#lanes = lanes;
  }

  /** Of `count` things those of each lane that this member owns. */
  own(count: number): Share[] {
    const run = laneRun(this.#exchange.rank, this.#exchange.size, this.#lanes);
    return Array.from({ length: run.end - run.start }, (_, index) => [
      this.#first(run.start + index, count),
      this.#first(run.start + index + 1, count),
    ]);
  }

  /** Of `count` things those of each member, by rank. */
  ofMembers(count: number): Share[] {
    const { size } = this.#exchange;
    return Array.from({ length: size }, (_, member) => {
      const run = laneRun(rank(member), size, this.#lanes);
      return [this.#first(run.start, count), this.#first(run.end, count)];
    });
  }

  /** The first thing of a lane. */
  #first(lane: number, count: number): number {
    return Math.floor((lane * count) / this.#lanes);
  }
}
