/**
 * Collects batches until every lane that a member owns has one for the step that it wants. They arrive
 * in any order and as many steps ahead as plans are sent; a repeated delivery replaces the same bytes. A
 * batch is the same in every generation: what has come stays when lanes move, and a step that was aborted
 * finds its batches again.
 */
import type { Lane, Step } from '../../../shared/ids.js';
import type { LaneBatch } from './lane-batch.js';

interface Waiting {
  readonly step: Step;
  readonly lanes: readonly Lane[];
  readonly resolve: (batches: LaneBatch[]) => void;
  readonly reject: (error: Error) => void;
}

export class BatchInbox {
  readonly #steps = new Map<Step, Map<Lane, LaneBatch>>();
  #next: Step;
  #waiting: Waiting | null = null;
  #failure: Error | null = null;

  constructor(firstStep: Step) {
    this.#next = firstStep;
  }

  /** From here on steps are taken from this one on: a state may also be an older one. */
  begin(next: Step): void {
    this.#next = next;
    for (const kept of this.#steps.keys()) if (kept < next) this.#steps.delete(kept);
  }

  /** Batches of committed steps are dropped. */
  put(batch: LaneBatch): void {
    const { plan } = batch;
    if (plan.step < this.#next) return;
    const lanes = this.#steps.get(plan.step) ?? new Map<Lane, LaneBatch>();
    this.#steps.set(plan.step, lanes.set(plan.lane, batch));
    this.#deliver();
  }

  /** The batches of these lanes, in their order. Steps must be taken in order. */
  take(wanted: Step, lanes: readonly Lane[]): Promise<LaneBatch[]> {
    this.begin(wanted);
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) {
        reject(this.#failure);
        return;
      }
      this.#waiting = { step: wanted, lanes, resolve, reject };
      this.#deliver();
    });
  }

  /** Whoever waits now gets this error. */
  giveUp(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = null;
  }

  /** Whoever waits, now or later, gets this error. */
  fail(error: Error): void {
    this.#failure = error;
    this.giveUp(error);
  }

  #deliver(): void {
    if (this.#waiting === null) return;
    const { step: taken, lanes, resolve } = this.#waiting;
    const batches = this.#steps.get(taken);
    if (!lanes.every((lane) => batches?.has(lane))) return;
    this.#waiting = null;
    resolve(lanes.map((lane) => batches?.get(lane) as LaneBatch));
  }
}
