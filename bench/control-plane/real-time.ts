/**
 * The simulation's scheduler by this machine's clock: what is planned happens when its time has come,
 * a millisecond late at most where the machine is idle. Between two events promises settle.
 */
import type { Random } from '../../shared/random.js';
import type { Drain } from '../../simulation/time/drain.js';
import { EventQueue } from '../../simulation/time/event-queue.js';
import { Scheduler } from '../../simulation/time/scheduler.js';

export class RealTime extends Scheduler {
  readonly #due = new EventQueue();
  readonly #settle: Drain;
  readonly #begun = performance.now();
  #ties = 0;
  /** When it looks next; infinity while it looks, or nothing is planned. */
  #looksAt = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(random: Random, settle: Drain) {
    super(random, settle);
    this.#settle = settle;
  }

  override get now(): number {
    return performance.now() - this.#begun;
  }

  override after(delay: number, act: () => void): void {
    this.at(this.now + delay, act);
  }

  override at(time: number, act: () => void): void {
    this.#due.push({ time, tie: this.#ties++, act });
    if (!this.#isLooking) this.#arm();
  }

  #arm(): void {
    const next = this.#due.next?.time ?? Number.POSITIVE_INFINITY;
    if (next >= this.#looksAt || next === Number.POSITIVE_INFINITY) return;
    clearTimeout(this.#timer);
    this.#looksAt = next;
    this.#timer = setTimeout(() => this.#look(), Math.max(0, next - this.now));
  }

  #look(): void {
    const until = this.now;
    this.#looksAt = Number.POSITIVE_INFINITY;
    this.#isLooking = true;
    for (let next = this.#due.next; next !== undefined && next.time <= until; ) {
      this.#due.pop();
      next.act();
      this.#settle();
      next = this.#due.next;
    }
    this.#isLooking = false;
    this.#arm();
  }
}
