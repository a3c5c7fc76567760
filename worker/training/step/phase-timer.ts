import type { Clock } from '../../../shared/clock.js';
import type { Activity } from '../../engine/activity.js';
import { type Phase, phases } from '../messages.js';

/** Splits a step's wall time over its phases. Times add up over the calls of one phase. */
export class PhaseTimer {
  readonly #clock: Clock;
  readonly #activity: Pick<Activity, 'begin' | 'end'> | undefined;
  readonly #seconds = Object.fromEntries(phases.map((phase) => [phase, 0])) as Record<
    Phase,
    number
  >;

  /** @param activity hears which phase it is */
  constructor(clock: Clock, activity?: Pick<Activity, 'begin' | 'end'>) {
    this.#clock = clock;
    this.#activity = activity;
  }

  async measure<Result>(phase: Phase, work: () => Result | Promise<Result>): Promise<Result> {
    const start = this.#clock.now();
    this.#activity?.begin('phase', phase);
    try {
      return await work();
    } finally {
      this.#activity?.end('phase');
      this.#seconds[phase] += (this.#clock.now() - start) / 1000;
    }
  }

  get seconds(): Readonly<Record<Phase, number>> {
    return this.#seconds;
  }
}
