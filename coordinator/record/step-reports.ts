/**
 * What members have reported of steps that are not recorded yet. Members hold the same reduced
 * gradient and the same state, so a difference in any bit means that one of them computes something
 * else; whoever computes a step again must come to the same, too.
 */
import type { WorkerId } from '../../shared/ids.js';
import type { LanesAccount } from '../../shared/ledger/lanes-account.js';
import type { ReportedStep } from '../../shared/messages/report-fields.js';
import type { LinksTold, OwnWork } from '../../shared/messages/work-fields.js';

/** Members disagree about a step: their weights have diverged, so the run must not go on. */
export class MembersDifferError extends Error {
  override readonly name = 'MembersDifferError';
  readonly code = 'MEMBERS_DIFFER';
}

export interface StepReport {
  readonly worker: WorkerId;
  /** In which the step was trained. */
  readonly generation: number;
  readonly report: ReportedStep;
  readonly lanes: LanesAccount;
  /** Of the step's plan as this member read it. */
  readonly planSha256: string;
  /** Left out by who does not count it. */
  readonly work?: OwnWork | undefined;
  /** Left out by most. */
  readonly links?: LinksTold | undefined;
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

/** What is always so, for one report of each member and step. */
function agree(first: ReportedStep, second: ReportedStep): boolean {
  const names = Object.keys(first.measures);
  return (
    agreed.every((name) => Object.is(first[name], second[name])) &&
    names.length === Object.keys(second.measures).length &&
    names.every((name) => Object.is(first.measures[name], second.measures[name]))
  );
}

/** Recorded steps that late reports, and steps that are trained again, are still compared with. */
const recordedKept = 64;

export class StepReports {
  /** By step: of each member its newest. */
  readonly #steps = new Map<number, Map<WorkerId, StepReport>>();
  /** One report of each step that is trained again: the same must come of it. */
  readonly #before = new Map<number, StepReport>();

  /** @throws MembersDifferError */
  add(one: StepReport): void {
    const { step } = one.report;
    const of = this.#steps.get(step) ?? new Map<WorkerId, StepReport>();
    const first = [...of.values()][0] ?? this.#before.get(step);
    if (first !== undefined) compare(first, one);
    of.set(one.worker, one);
    this.#steps.set(step, of);
  }

  /** Steps up to which a report of each is here, or was recorded. */
  reportedSteps(recordedSteps: number): number {
    let steps = recordedSteps;
    while (this.#steps.has(steps)) steps++;
    return steps;
  }

  /** Steps that this member has reported from here on, one after the other. */
  reportedBy(worker: WorkerId, recordedSteps: number): number {
    let steps = recordedSteps;
    while (this.#steps.get(steps)?.has(worker)) steps++;
    return steps;
  }

  of(step: number): readonly StepReport[] {
    return [...(this.#steps.get(step)?.values() ?? [])];
  }

  /** Whether all of a generation's members have reported the step as one that they trained in it. */
  isComplete(step: number, generation: number, members: readonly WorkerId[]): boolean {
    const of = this.#steps.get(step);
    return (
      of !== undefined &&
      members.length > 0 &&
      members.every((worker) => of.get(worker)?.generation === generation)
    );
  }

  /** Training goes on from an older state: what was reported of the steps behind it is only compared. */
  rewound(steps: number): void {
    for (const [step, of] of this.#steps) {
      if (step < steps) continue;
      const [first] = of.values();
      if (first !== undefined) this.#before.set(step, first);
      this.#steps.delete(step);
    }
  }

  recorded(steps: number): void {
    for (const step of this.#steps.keys()) {
      if (step < steps - recordedKept) this.#steps.delete(step);
    }
    for (const step of this.#before.keys()) if (step < steps) this.#before.delete(step);
  }
}

function compare(first: StepReport, second: StepReport): void {
  if (agree(first.report, second.report)) return;
  const [theirs, own] = [agreedNumbers(first.report), agreedNumbers(second.report)];
  const names = [...new Set([...theirs.keys(), ...own.keys()])];
  const field = names.find((name) => !Object.is(theirs.get(name), own.get(name)));
  if (field === undefined) return;
  throw new MembersDifferError(
    `Cannot record step ${second.report.step}: ${first.worker} has ${field} ${theirs.get(field)} and ` +
      `${second.worker} has ${own.get(field)}: members must agree to the last bit`,
  );
}
