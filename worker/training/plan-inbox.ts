/**
 * Collects the lane plans of a member until every lane that it owns has one for the step it wants.
 * Plans arrive in any order and some steps ahead; a repeated delivery replaces the same bytes.
 */
import { type Lane, type Step, step } from '../../shared/ids.js';
import type { LanePlan } from '../../shared/lane-plan.js';

interface Waiting {
  readonly step: Step;
  readonly resolve: (plans: LanePlan[]) => void;
  readonly reject: (error: Error) => void;
}

export class PlanInbox {
  readonly #lanes: readonly Lane[];
  readonly #steps = new Map<Step, Map<Lane, LanePlan>>();
  #next: Step;
  #waiting: Waiting | null = null;
  #failure: Error | null = null;

  constructor(lanes: readonly Lane[], firstStep: Step) {
    this.#lanes = lanes;
    this.#next = firstStep;
  }

  /** Plans of other members' lanes and of committed steps are dropped: they were not asked for. */
  put(plan: LanePlan): void {
    if (plan.step < this.#next || !this.#lanes.includes(plan.lane)) return;
    const lanes = this.#steps.get(plan.step) ?? new Map<Lane, LanePlan>();
    this.#steps.set(plan.step, lanes.set(plan.lane, plan));
    this.#deliver();
  }

  /** The plans of all owned lanes, in lane order. Steps must be taken in order. */
  take(wanted: Step): Promise<LanePlan[]> {
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
    const plans = this.#steps.get(this.#waiting.step);
    if ((plans?.size ?? 0) < this.#lanes.length) return;
    const { step: taken, resolve } = this.#waiting;
    this.#waiting = null;
    this.#next = step(taken + 1);
    this.#steps.delete(taken);
    resolve(this.#lanes.map((lane) => plans?.get(lane) as LanePlan));
  }
}
