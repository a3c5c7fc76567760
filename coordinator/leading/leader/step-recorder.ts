/** Records steps in the log: when all who trained one have reported it, or when training has gone on from behind it. */
import type { WorkerId } from '../../../shared/ids.js';
import { recordStep } from '../../../shared/ledger/record-step.js';
import { openPlansMax } from '../../../shared/limits.js';
import type { Happening } from '../../../shared/messages/cluster/log-entry.js';
import type { PlanPublisher } from '../../plans/plan-publisher.js';
import type { LoggedGeneration, RunState } from '../../record/run-state.js';
import { type StepReport, StepReports } from '../../record/step-reports.js';

export interface StepRecorderParts {
  readonly fence: number;
  readonly plans: PlanPublisher;
  /** The run as it will be when everything that was appended is stored. */
  readonly state: () => RunState;
  readonly append: (entry: Happening) => void;
  readonly time: () => string;
  /** Seconds since the step before, for the entry. */
  readonly secondsOf: () => number;
  readonly onRecorded: (reports: readonly StepReport[], trained: LoggedGeneration) => void;
}

export class StepRecorder {
  readonly #parts: StepRecorderParts;
  readonly #reports = new StepReports();

  constructor(parts: StepRecorderParts) {
    this.#parts = parts;
  }

  /** Steps up to which a report is here: so far a generation may start. */
  get reportedSteps(): number {
    return this.#reports.reportedSteps(this.#recordedSteps);
  }

  /** How far each has reported, for whoever asks who is waited for. */
  reportedBy(worker: WorkerId): number {
    return this.#reports.reportedBy(worker, this.#recordedSteps);
  }

  /**
   * Takes a member's report; false for one of a step that cannot have been trained yet.
   *
   * @throws MembersDifferError
   */
  add(report: StepReport): boolean {
    if (report.report.step >= this.#recordedSteps + openPlansMax) return false;
    this.#reports.add(report);
    return true;
  }

  /**
   * Records all steps that the members of the generation have reported.
   *
   * @throws PlanForgedError, UsersDifferError, StateDiffersError
   */
  recordDue(generation: number, members: readonly WorkerId[]): void {
    while (this.#reports.isComplete(this.#recordedSteps, generation, members)) {
      if (!this.#record(this.#recordedSteps)) return;
    }
  }

  /**
   * Records the steps before this one with whatever reports there are; whether all stand now.
   *
   * @throws PlanForgedError, UsersDifferError, StateDiffersError
   */
  recordUpTo(steps: number): boolean {
    while (this.#recordedSteps < steps) if (!this.#record(this.#recordedSteps)) return false;
    return true;
  }

  /** Training goes on from an older state. */
  rewound(steps: number): void {
    this.#reports.rewound(steps);
  }

  get #recordedSteps(): number {
    return this.#parts.state().recordedSteps;
  }

  #record(step: number): boolean {
    const { append, fence, onRecorded, plans, secondsOf, state, time } = this.#parts;
    const all = this.#reports.of(step);
    const known = state().generations.filter(({ generation }) =>
      all.some((one) => one.generation === generation),
    );
    const trained = known.at(-1);
    const plan = plans.planOf(step);
    if (trained === undefined || plan === null) return false;
    const reports = inRankOrder(all, trained.generation, trained.members);
    const [first] = reports;
    if (first === undefined) return false;
    for (const { worker, planSha256 } of reports) plans.check(worker, step, planSha256);
    const recording = recordStep({
      step,
      plan: plan.users,
      planSha256: plan.sha256,
      generation: { generation: trained.generation, fence, members: trained.members },
      reports,
      time: time(),
    });
    if (recording.kind === 'difference') throw recording.error;
    append({
      kind: 'committed',
      generation: trained.generation,
      report: first.report,
      seconds: secondsOf(),
      ledger: recording.record,
    });
    this.#reports.recorded(step + 1);
    onRecorded(reports, trained);
    return true;
  }
}

function inRankOrder(
  reports: readonly StepReport[],
  generation: number,
  members: readonly { readonly worker: WorkerId }[],
): StepReport[] {
  const of = reports.filter((one) => one.generation === generation);
  return members.flatMap(({ worker }) => of.find((one) => one.worker === worker) ?? []);
}
