/**
 * Servers that are away are not asked by everyone at once, each waiting for his own answer: whoever looks after
 * hundreds of jobs would do nothing else. After a failure the others are told of it for a while, and then
 * one of them tries.
 */
import type { Clock } from '../../shared/clock.js';
import { type Millis, millis } from '../../shared/units.js';

/** So long nobody tries. */
const pause: Millis = millis(3_000);

export class Outage {
  readonly #clock: Clock;
  readonly #isAway: (error: unknown) => boolean;
  #last: { readonly error: unknown; readonly at: number } | null = null;
  #isTrying = false;

  /** @param isAway whether a failure is one of the servers, and not of what was asked */
  constructor(clock: Clock, isAway: (error: unknown) => boolean) {
    this.#clock = clock;
    this.#isAway = isAway;
  }

  /** @throws what `work` throws, or what the last one threw where servers are away */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#last !== null) {
      if (this.#isTrying || this.#clock.now() - this.#last.at < pause) throw this.#last.error;
      this.#isTrying = true;
    }
    try {
      const result = await work();
      this.#last = null;
      return result;
    } catch (error) {
      if (this.#isAway(error)) this.#last = { error, at: this.#clock.now() };
      else this.#last = null;
      throw error;
    } finally {
      this.#isTrying = false;
    }
  }
}
