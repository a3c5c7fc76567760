/**
 * Errors that more than one part of Lockstep reacts to. Each class is one reaction; an error that
 * only one file throws and one caller catches lives beside that file. `shared/exit-codes.ts` says
 * which exit code a process makes of them.
 */

/** One thing that is wrong with a job. */
export interface JobProblem {
  /** `spec.optimizer.learningRate`; empty where the text as a whole is meant. */
  readonly path: string;
  /** What should be, and what is. */
  readonly message: string;
}

/** The job cannot be used as it is written; the reaction is to show every problem and to stop. */
export class JobSpecError extends Error {
  override readonly name = 'JobSpecError';
  readonly code = 'JOB_SPEC_INVALID';
  readonly problems: readonly JobProblem[];

  constructor(problems: readonly JobProblem[], options?: ErrorOptions) {
    super(`Cannot use the job:\n${problems.map(line).join('\n')}`, options);
    this.problems = problems;
  }
}

const line = ({ path, message }: JobProblem): string =>
  path === '' ? `  ${message}` : `  ${path}: ${message}`;

/** The dataset holds nothing that the job could train on. */
export class EmptyPlanError extends Error {
  override readonly name = 'EmptyPlanError';
  readonly code = 'EMPTY_PLAN';
}
