/** Virtual time: it stands still while code runs, and jumps from event to event. */
import type { Random } from '../../shared/random.js';
import type { Drain } from './drain.js';
import { EventQueue } from './event-queue.js';

export class Scheduler {
  readonly #queue = new EventQueue();
  readonly #random: Random;
  readonly #drain: Drain;
  #now = 0;
  #events = 0;

  constructor(random: Random, drain: Drain) {
    this.#random = random;
    this.#drain = drain;
  }

  /** Milliseconds since the simulation began. */
  get now(): number {
    return this.#now;
  }

  /** How many have happened. */
  get events(): number {
    return this.#events;
  }

  after(delay: number, act: () => void): void {
    this.at(this.#now + delay, act);
  }

  at(time: number, act: () => void): void {
    this.#queue.push({ time: Math.max(time, this.#now), tie: this.#random.next(), act });
  }

  /** @returns whether `isDone` held before `deadline` was reached or nothing was left to happen */
  run(isDone: () => boolean, deadline: number): boolean {
    for (;;) {
      if (isDone()) return true;
      const next = this.#queue.next;
      if (next === undefined || next.time > deadline) {
        this.#now = deadline;
        return false;
      }
      this.#queue.pop();
      this.#now = next.time;
      this.#events++;
      next.act();
      this.#drain();
    }
  }
}
