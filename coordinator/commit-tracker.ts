/**
 * A step is committed when every member has reported it, and all report the same. The members hold
 * the same reduced gradient, so a difference in any bit means that one of them computes something else.
 */
import type { WorkerId } from '../shared/ids.js';
import type { ReportedStep } from '../shared/messages/report-fields.js';

/** Members disagree about a step: their weights have diverged, so the run must not go on. */
export class MembersDifferError extends Error {
  override readonly name = 'MembersDifferError';
  readonly code = 'MEMBERS_DIFFER';
}

/** A report does not follow the one before it: one was lost, or its sender is confused. */
export class ReportOrderError extends Error {
  override readonly name = 'ReportOrderError';
  readonly code = 'REPORT_ORDER';
}

/** Fields that are the same number on every member. */
const agreed = [
  'loss',
  'gradientNorm',
  'learningRate',
  'sequences',
  'itemTokens',
  'distinctItems',
  'itemCosine',
] as const;

/** The same, and what the objective reports. */
const agreedNumbers = (report: ReportedStep): ReadonlyMap<string, number> =>
  new Map([
    ...agreed.map((name): [string, number] => [name, report[name]]),
    ...Object.entries(report.measures),
  ]);

export interface MemberReport {
  readonly worker: WorkerId;
  readonly report: ReportedStep;
}

/** What the members say of one step, the first who did so first; all of them once it is committed. */
export type StepReports = readonly [MemberReport, ...MemberReport[]];

export class CommitTracker {
  readonly #members: readonly WorkerId[];
  /** Steps that each member has reported. */
  readonly #reported: Map<WorkerId, number>;
  /** Reports of steps that not everyone has reported. */
  readonly #open = new Map<number, [MemberReport, ...MemberReport[]]>();
  #committedSteps: number;

  constructor(members: readonly WorkerId[], firstStep: number) {
    this.#members = members;
    this.#reported = new Map(members.map((member) => [member, firstStep]));
    this.#committedSteps = firstStep;
  }

  /** Steps that each member has reported. */
  get reported(): ReadonlyMap<WorkerId, number> {
    return this.#reported;
  }

  get committedSteps(): number {
    return this.#committedSteps;
  }

  /** Committed steps of one member, as far as it has reported them. */
  stepsOf(worker: WorkerId): number {
    return this.#reported.get(worker) ?? this.#committedSteps;
  }

  /**
   * Takes a member's report. Returns the reports of the steps that are committed by it, usually none
   * or one; reports of strangers are ignored.
   *
   * @throws MembersDifferError, ReportOrderError
   */
  record(worker: WorkerId, report: ReportedStep): StepReports[] {
    const expected = this.#reported.get(worker);
    if (expected === undefined) return [];
    if (report.step !== expected) {
      throw new ReportOrderError(
        `Cannot follow ${worker}: it reported step ${report.step}: step ${expected} should come next`,
      );
    }
    this.#compare(worker, report);
    this.#reported.set(worker, expected + 1);
    return this.#advance();
  }

  #compare(worker: WorkerId, report: ReportedStep): void {
    const open = this.#open.get(report.step);
    if (open === undefined) {
      this.#open.set(report.step, [{ worker, report }]);
      return;
    }
    const [first] = open;
    open.push({ worker, report });
    const [theirs, own] = [agreedNumbers(first.report), agreedNumbers(report)];
    const names = [...new Set([...theirs.keys(), ...own.keys()])];
    const field = names.find((name) => !Object.is(theirs.get(name), own.get(name)));
    if (field === undefined) return;
    throw new MembersDifferError(
      `Cannot commit step ${report.step}: ${first.worker} has ${field} ${theirs.get(field)} and ` +
        `${worker} has ${own.get(field)}: members must agree to the last bit`,
    );
  }

  #advance(): StepReports[] {
    const everyone = Math.min(...this.#members.map((member) => this.#reported.get(member) ?? 0));
    const committed: StepReports[] = [];
    while (this.#committedSteps < everyone) {
      const open = this.#open.get(this.#committedSteps);
      this.#open.delete(this.#committedSteps);
      if (open !== undefined) committed.push(open);
      this.#committedSteps++;
    }
    return committed;
  }
}
