/**
 * Spares the API server: so many requests a second, and so many at once after a rest. Whoever comes too
 * early waits in the order of coming.
 */
import type { Clock } from '../../shared/clock.js';

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** When the next one may go, and what is left then: a bucket of tokens without a timer. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #rate: Rate;
  #tokens: number;
  #at: number;

  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
    this.#tokens = rate.burst;
    this.#at = clock.now();
  }

  /** Takes a place only where nobody has to wait for it. */
  takeIfFree(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Takes a place. @returns milliseconds until it is its turn, 0 for at once */
  take(): number {
    this.#refill();
    this.#tokens--;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#rate.perSecond) * 1000;
  }

  #refill(): void {
    const now = this.#clock.now();
    const { burst, perSecond } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) / 1000) * perSecond);
    this.#at = now;
  }
}
