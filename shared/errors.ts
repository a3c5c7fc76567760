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
    super(`Cannot use the job:\n${linesOf(problems).join('\n')}`, options);
    this.problems = problems;
  }
}

/** A screen; who has a dataset for a job has read enough by then. */
const mostLines = 20;
const longestLine = 400;

function linesOf(problems: readonly JobProblem[]): string[] {
  const lines = problems.slice(0, mostLines).map((problem) => {
    const text = line(problem);
    return text.length > longestLine ? `${text.slice(0, longestLine)}...` : text;
  });
  const left = problems.length - lines.length;
  return left === 0 ? lines : [...lines, `  and ${left} more`];
}

const line = ({ path, message }: JobProblem): string =>
  path === '' ? `  ${message}` : `  ${path}: ${message}`;

/** The dataset holds nothing that the job could train on. */
export class EmptyPlanError extends Error {
  override readonly name = 'EmptyPlanError';
  readonly code = 'EMPTY_PLAN';
}
