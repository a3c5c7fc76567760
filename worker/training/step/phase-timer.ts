import type { Clock } from '../../../shared/clock.js';
import { type Phase, phases } from '../messages.js';

/** Splits a step's wall time over its phases. Times add up over the calls of one phase. */
export class PhaseTimer {
  readonly #clock: Clock;
  readonly #seconds = Object.fromEntries(phases.map((phase) => [phase, 0])) as Record<
    Phase,
    number
  >;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async measure<Result>(phase: Phase, work: () => Result | Promise<Result>): Promise<Result> {
    const start = this.#clock.now();
    try {
      return await work();
    } finally {
      this.#seconds[phase] += (this.#clock.now() - start) / 1000;
    }
  }

  get seconds(): Readonly<Record<Phase, number>> {
    return this.#seconds;
  }
}
