/** Tells the members what each lane's part of a step came to. */
import { type Rank, rank, type Step } from '../../../shared/ids.js';
import type { Exchange } from '../../collective/exchange.js';
import type { Measures } from '../../model/objectives/measure.js';
import { SharedFloats } from './shared-floats.js';
import {
  packStatistics,
  type StepStatistics,
  statisticsLength,
  unpackStatistics,
  type Wishes,
} from './step-statistics.js';

export interface StatisticsParts {
  readonly exchange: Exchange;
  readonly measures: Measures;
}

export class StatisticsExchange {
  readonly #parts: StatisticsParts;
  readonly #memory = new SharedFloats();

  constructor(parts: StatisticsParts) {
    this.#parts = parts;
  }

  /** @param own of this member's lanes, in their order. */
  async exchange(
    at: Step,
    own: Parameters<typeof packStatistics>[2],
    wishes: Wishes,
  ): Promise<StepStatistics> {
    const { exchange, measures } = this.#parts;
    const lengths = ranks(exchange.size).map((member) => {
      const { start, end } = exchange.shares.run(member);
      return statisticsLength(end - start, measures);
    });
    const all = this.#memory.view(lengths.reduce((sum, length) => sum + length, 0));
    let end = 0;
    const parts = lengths.map((length) => {
      end += length;
      return all.subarray(end - length, end);
    });
    packStatistics(parts[exchange.rank] as Float32Array, measures, own, wishes);
    await exchange.allGather({ step: at, phase: 'statistics', part: 0 }, parts);
    return unpackStatistics(parts, measures);
  }
}

const ranks = (size: number): Rank[] => Array.from({ length: size }, (_, index) => rank(index));
