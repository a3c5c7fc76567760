/**
 * Collects the batches of a member until every lane that it owns has one for the step it wants. They
 * arrive in any order and some steps ahead; a repeated delivery replaces the same bytes.
 */
import { type Lane, type Step, step } from '../../../shared/ids.js';
import type { LaneBatch } from './lane-batch.js';

interface Waiting {
  readonly step: Step;
  readonly resolve: (batches: LaneBatch[]) => void;
  readonly reject: (error: Error) => void;
}

export class BatchInbox {
  readonly #lanes: readonly Lane[];
  readonly #steps = new Map<Step, Map<Lane, LaneBatch>>();
  #next: Step;
  #waiting: Waiting | null = null;
  #failure: Error | null = null;

  constructor(lanes: readonly Lane[], firstStep: Step) {
    this.#lanes = lanes;
    this.#next = firstStep;
  }

  /** Batches of other members' lanes and of committed steps are dropped: nobody asked for them. */
  put(batch: LaneBatch): void {
    const { plan } = batch;
    if (plan.step < this.#next || !this.#lanes.includes(plan.lane)) return;
    const lanes = this.#steps.get(plan.step) ?? new Map<Lane, LaneBatch>();
    this.#steps.set(plan.step, lanes.set(plan.lane, batch));
    this.#deliver();
  }

  /** The batches of all owned lanes, in lane order. Steps must be taken in order. */
  take(wanted: Step): Promise<LaneBatch[]> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) {
        reject(this.#failure);
        return;
      }
      this.#waiting = { step: wanted, resolve, reject };
      this.#deliver();
    });
  }

  /** Whoever waits, now or later, gets this error. */
  fail(error: Error): void {
    this.#failure = error;
    this.#waiting?.reject(error);
    this.#waiting = null;
  }

  #deliver(): void {
    if (this.#waiting === null) return;
    const batches = this.#steps.get(this.#waiting.step);
    if ((batches?.size ?? 0) < this.#lanes.length) return;
    const { step: taken, resolve } = this.#waiting;
    this.#waiting = null;
    this.#next = step(taken + 1);
    this.#steps.delete(taken);
    resolve(this.#lanes.map((lane) => batches?.get(lane) as LaneBatch));
  }
}
