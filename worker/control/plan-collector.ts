/**
 * Puts the parts of plans together: a lane's own part waits for its step's shared part, and is
 * compared with it. Whatever comes again must be what came before: nothing tells which of two
 * plans is the job's.
 */
import type { Lane, Step } from '../../shared/ids.js';
import { openPlansMax } from '../../shared/limits.js';
import { MalformedMessageError } from '../../shared/messages/guard.js';
import type { SharedPlan } from '../../shared/messages/shared-plan-message.js';
import { joinPlan, PlanMismatchError } from '../../shared/messages/step-plan-message.js';
import type { LanePart, LanePlan } from '../../shared/plan/lane-plan.js';

interface OpenPlan {
  shared: { readonly plan: SharedPlan; readonly sha256: string } | null;
  /** Lanes that came before the shared part. */
  readonly early: Map<Lane, { readonly part: LanePart; readonly sha256: string }>;
  /** Lanes that have been handed over. */
  readonly delivered: Map<Lane, string>;
}

export class PlanCollector {
  readonly #open = new Map<Step, OpenPlan>();
  #committedSteps = 0;

  /**
   * Takes the shared part of a step; returns the lanes that waited for it.
   *
   * @param sha256 of the bytes it was read from, in hexadecimal.
   * @throws PlanMismatchError, MalformedMessageError
   */
  addShared(plan: SharedPlan, sha256: string): LanePlan[] {
    const open = this.#openAt(plan.step);
    if (open === null) return [];
    if (open.shared !== null) {
      checkRepeated(`the shared part of step ${plan.step}`, open.shared.sha256, sha256);
      return [];
    }
    open.shared = { plan, sha256 };
    const early = [...open.early.values()];
    open.early.clear();
    return early.map((lane) => deliver(open, plan, lane.part, lane.sha256));
  }

  /**
   * Takes a lane's own part; returns the lane where its shared part is there.
   *
   * @throws PlanMismatchError, MalformedMessageError
   */
  addLane(part: LanePart, sha256: string): LanePlan[] {
    const open = this.#openAt(part.step);
    if (open === null) return [];
    const before = open.delivered.get(part.lane) ?? open.early.get(part.lane)?.sha256;
    if (before !== undefined) {
      checkRepeated(`lane ${part.lane} of step ${part.step}`, before, sha256);
      return [];
    }
    if (open.shared !== null) return [deliver(open, open.shared.plan, part, sha256)];
    open.early.set(part.lane, { part, sha256 });
    return [];
  }

  /** SHA-256 of a step's whole plan, in hexadecimal; null where it is not known, or over. */
  digestOf(step: Step): string | null {
    return this.#open.get(step)?.shared?.sha256 ?? null;
  }

  /** Steps before this one are over: nobody asks for them again. */
  committed(steps: number): void {
    this.#committedSteps = steps;
    for (const step of this.#open.keys()) if (step < steps) this.#open.delete(step);
  }

  #openAt(step: Step): OpenPlan | null {
    if (step < this.#committedSteps) return null;
    const known = this.#open.get(step);
    if (known !== undefined) return known;
    if (this.#open.size >= openPlansMax) {
      const detail = `the plan of step ${step} comes while ${openPlansMax} steps are open`;
      throw new MalformedMessageError('ahead', detail);
    }
    const open: OpenPlan = { shared: null, early: new Map(), delivered: new Map() };
    this.#open.set(step, open);
    return open;
  }
}

function deliver(open: OpenPlan, shared: SharedPlan, part: LanePart, sha256: string): LanePlan {
  const plan = joinPlan(shared, part, sha256);
  open.delivered.set(part.lane, sha256);
  return plan;
}

function checkRepeated(what: string, before: string, now: string): void {
  if (before === now) return;
  throw new PlanMismatchError(
    `Cannot go on: ${what} came twice, with SHA-256 ${before} and with ${now}: ` +
      'only one coordinator may publish plans',
  );
}
