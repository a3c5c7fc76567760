import { phases, type StepReport } from '../../training/messages.js';

/** Steps whose mean is the speed: few enough to follow a machine that has other work, too. */
export const speedWindow = 8;

/** Lanes a second of this member's own work: what it waits for is not its slowness. */
export class Speed {
  readonly #seconds: number[] = [];

  committed({ phaseSeconds, waitSeconds }: StepReport, lanes: number): void {
    const whole = phases.reduce((sum, phase) => sum + phaseSeconds[phase], 0);
    const own = whole - phaseSeconds.plan - waitSeconds;
    // A step of the clock's own length tells nothing.
    if (own <= 0 || lanes === 0) return;
    this.#seconds.push(own / lanes);
    if (this.#seconds.length > speedWindow) this.#seconds.shift();
  }

  /** Null before the first step. */
  get lanesPerSecond(): number | null {
    const { length } = this.#seconds;
    return length === 0 ? null : length / this.#seconds.reduce((sum, one) => sum + one, 0);
  }
}
