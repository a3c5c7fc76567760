/**
 * What this coordinator published, so that what the members trained on can be compared with it. The
 * bus alone does not tell: whoever may publish there can be faster than we are.
 */
import type { Step, WorkerId } from '../../shared/ids.js';
import type { PlannedUsers } from '../../shared/ledger/record-step.js';

/** Someone else publishes plans: what members train on is not what the job says. */
export class PlanForgedError extends Error {
  override readonly name = 'PlanForgedError';
  readonly code = 'PLAN_FORGED';

  static stored(step: Step, subject: string): PlanForgedError {
    return new PlanForgedError(
      `Cannot publish the plan of step ${step}: the stream had a message of its name on ` +
        `"${subject}" already: only coordinators of this run may publish plans`,
    );
  }
}

export interface PublishedPlan {
  /** In hexadecimal. */
  readonly sha256: string;
  readonly users: PlannedUsers;
}

export class PublishedPlans {
  /** Of each open step. */
  readonly #open = new Map<number, PublishedPlan>();

  published(step: Step, sha256: string, users: PlannedUsers): void {
    this.#open.set(step, { sha256, users });
  }

  /** Null for a step that is not open. */
  planOf(step: number): PublishedPlan | null {
    return this.#open.get(step) ?? null;
  }

  /** @throws PlanForgedError where the member trained on another plan than the published one. */
  check(worker: WorkerId, step: number, sha256: string): void {
    const ours = this.#open.get(step)?.sha256;
    if (ours === sha256) return;
    const should = ours === undefined ? 'none has been published' : `${ours} was published`;
    throw new PlanForgedError(
      `Cannot commit step ${step}: ${worker} trained on a plan with SHA-256 ${sha256}: ${should}`,
    );
  }

  /** Every member has reported the steps before this one. */
  forget(before: number): void {
    for (const step of this.#open.keys()) if (step < before) this.#open.delete(step);
  }
}
