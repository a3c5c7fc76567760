/**
 * What this coordinator published, so that what the members trained on can be compared with it. The
 * bus alone does not tell: whoever may publish there can be faster than we are.
 */
import type { Step, WorkerId } from '../../shared/ids.js';

/** Someone else publishes plans: what members train on is not what the job says. */
export class PlanForgedError extends Error {
  override readonly name = 'PlanForgedError';
  readonly code = 'PLAN_FORGED';

  static stored(step: Step, subject: string): PlanForgedError {
    return new PlanForgedError(
      `Cannot publish the plan of step ${step}: the stream had a message of its name on ` +
        `"${subject}" already: only this coordinator may publish plans`,
    );
  }
}

export class PublishedPlans {
  /** SHA-256 of each open step's plan, in hexadecimal. */
  readonly #digests = new Map<number, string>();

  published(step: Step, sha256: string): void {
    this.#digests.set(step, sha256);
  }

  /** @throws PlanForgedError where the member trained on another plan than the published one. */
  check(worker: WorkerId, step: number, sha256: string): void {
    const ours = this.#digests.get(step);
    if (ours === sha256) return;
    const should = ours === undefined ? 'none has been published' : `${ours} was published`;
    throw new PlanForgedError(
      `Cannot commit step ${step}: ${worker} trained on a plan with SHA-256 ${sha256}: ${should}`,
    );
  }

  /** Every member has reported the steps before this one. */
  forget(before: number): void {
    for (const step of this.#digests.keys()) if (step < before) this.#digests.delete(step);
  }
}
