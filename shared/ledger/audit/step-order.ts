/** In which order a ledger's steps must come: each once, and again only behind a line that says so. */
import type { Differences } from './differences.js';

export class StepOrder {
  readonly #differences: Differences;
  /** The step whose record should come next. */
  #next = 0;
  #recorded = 0;
  #resumed = 0;

  constructor(differences: Differences) {
    this.#differences = differences;
  }

  /** Steps before this one have their record. */
  get recorded(): number {
    return this.#recorded;
  }

  /** Times that training went back to an older state, or was begun again where it was. */
  get resumed(): number {
    return this.#resumed;
  }

  /** Training goes on behind so many steps. @returns whether steps are missing */
  resume(committedSteps: number): boolean {
    this.#resumed++;
    const isMissing = committedSteps > this.#recorded;
    if (isMissing) this.#miss(this.#recorded, committedSteps);
    this.#next = committedSteps;
    return isMissing;
  }

  /** A step's record comes. @returns what it is to those before it */
  step(step: number): 'next' | 'behind-a-gap' | 'again' {
    const [next, recorded] = [this.#next, this.#recorded];
    if (step < next) {
      const text = 'it is recorded again, and nothing says that training went back';
      this.#differences.add('order', step, text);
    } else if (step > next) {
      this.#miss(next, step);
    }
    this.#next = Math.max(next, step + 1);
    if (step < recorded) return 'again';
    this.#recorded = step + 1;
    return step > recorded ? 'behind-a-gap' : 'next';
  }

  #miss(from: number, to: number): void {
    const one = `step ${from} is not recorded in its place`;
    const text = `steps ${from} to ${to - 1} are not recorded in their place`;
    this.#differences.add('steps', from, to - from === 1 ? one : text);
    this.#recorded = Math.max(this.#recorded, to);
  }
}
