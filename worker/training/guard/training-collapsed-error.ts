import type { Point } from './guard-state.js';
import type { Finding } from './watch-step.js';

/**
 * The training has collapsed, and the job says to stop. Checkpoints after the last healthy one are set
 * aside; whoever resumes would collapse again, so the job must change first.
 */
export class TrainingCollapsedError extends Error {
  override readonly name = 'TrainingCollapsedError';
  readonly code = 'COLLAPSED';

  /** @param healthy null where no checkpoint is */
  constructor(committedSteps: number, { reason, remedy }: Finding, healthy: Point | null) {
    const next =
      healthy === null
        ? 'none of its checkpoints is healthy'
        : `the last healthy checkpoint is that of step ${healthy.committedSteps}, from which ` +
          '--init-from trains on with another job';
    super(
      `Cannot go on after ${committedSteps} steps: training has collapsed: ${reason} (${remedy}); ${next}`,
    );
  }
}
