/**
 * One direction of a connection: what is sent arrives later, in the order in which it was sent, as
 * over TCP. While it is stalled nothing arrives, and nothing is lost; a cut loses what is under way.
 */
import type { Scheduler } from '../time/scheduler.js';

interface Travelling {
  readonly arrivesAt: number;
  readonly arrive: () => void;
}

export class Pipe {
  readonly #scheduler: Scheduler;
  readonly #latency: () => number;
  #travelling: Travelling[] = [];
  #cuts = 0;
  #isMoving = false;
  #isStalled = false;

  /** @param latency of one message, in milliseconds. */
  constructor(scheduler: Scheduler, latency: () => number) {
    this.#scheduler = scheduler;
    this.#latency = latency;
  }

  send(arrive: () => void): void {
    this.#travelling.push({ arrivesAt: this.#scheduler.now + this.#latency(), arrive });
    this.#move();
  }

  stall(): void {
    this.#isStalled = true;
  }

  resume(): void {
    this.#isStalled = false;
    this.#move();
  }

  cut(): void {
    this.#cuts++;
    this.#travelling = [];
    this.#isMoving = false;
  }

  /** One message an event, so that promises settle between two of them. */
  #move(): void {
    const first = this.#travelling[0];
    if (first === undefined || this.#isMoving || this.#isStalled) return;
    this.#isMoving = true;
    const cuts = this.#cuts;
    this.#scheduler.at(first.arrivesAt, () => {
      if (cuts !== this.#cuts) return;
      this.#isMoving = false;
      if (this.#isStalled) return;
      this.#travelling.shift();
      first.arrive();
      this.#move();
    });
  }
}
