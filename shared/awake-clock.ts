/**
 * The time that a process was awake. Liveness is judged by it: a process that stood still (SIGSTOP, a
 * migrated or paused machine, a closed lid) has heard nobody meanwhile, and must not take everyone
 * else for silent. Whoever uses it looks at it regularly.
 */
import type { Clock } from './clock.js';
import { type Millis, millis } from './units.js';

/** How much of the time since the last look counts. */
export const awakeTime = (elapsed: Millis, longestTick: Millis): Millis =>
  millis(Math.min(elapsed, longestTick));

export class AwakeClock implements Clock {
  readonly #clock: Clock;
  readonly #longestTick: Millis;
  #lookedAt: Millis;
  #awake: Millis = millis(0);

  constructor(clock: Clock, longestTick: Millis) {
    this.#clock = clock;
    this.#longestTick = longestTick;
    this.#lookedAt = clock.now();
  }

  now(): Millis {
    const now = this.#clock.now();
    const elapsed = millis(now - this.#lookedAt);
    this.#lookedAt = now;
    this.#awake = millis(this.#awake + awakeTime(elapsed, this.#longestTick));
    return this.#awake;
  }
}
