/** Who trains now, whether all of them do, and what is to be said of their steps. */
import type { WorkerId } from '../../../shared/ids.js';
import type { GenerationRecord } from '../../../shared/membership/generation-record.js';
import type { Millis } from '../../../shared/units.js';
import { isTrainingIn } from '../../membership/find-late.js';
import { PhaseSums } from '../../record/phase-sums.js';
import type { LoggedGeneration } from '../../record/run-state.js';
import type { StepReport } from '../../record/step-reports.js';
import type { Leadership } from './leadership.js';

export class TrainingLookout {
  readonly #run: Leadership;
  /** Everyone trains in the newest generation. */
  #isSettled = false;
  readonly #phases: PhaseSums;

  constructor(run: Leadership) {
    this.#run = run;
    const hostOf = (worker: WorkerId) => run.memory.workers.get(worker)?.status.host ?? null;
    this.#phases = new PhaseSums(run.now, hostOf);
  }

  /** Who trains now: those whose reports make a step complete. */
  trainers(): readonly WorkerId[] {
    const { record } = this.#run.memory;
    if (record === null) return [];
    if (record.start !== null) return record.members.map(({ worker }) => worker);
    return this.#run.memory.trainedBy?.workers ?? [];
  }

  get trainedIn(): number | null {
    const { record, trainedBy } = this.#run.memory;
    return record?.start == null ? (trainedBy?.generation ?? null) : record.generation;
  }

  /** Members change: no steps are due until all of them train. */
  unsettle(): void {
    this.#isSettled = false;
  }

  look(now: Millis): void {
    const { record } = this.#run.memory;
    // No step is due, for however long.
    if (this.#run.stands) this.#run.watch.stands(now);
    if (record === null || this.trainedIn === null) return;
    if (!this.#isSettled && record.start !== null) this.#settle(now, record);
    if (!this.#isSettled || this.#run.stands) return;
    const { notice, end } = this.#run.watch.look(now, {
      recordedSteps: this.#run.ahead.recordedSteps,
      publishedSteps: this.#run.plans.publishedSteps,
      members: this.trainers().map((worker) => ({
        worker,
        phase: this.#run.memory.workers.get(worker)?.status.phase ?? 'silent',
        reportedSteps: this.#run.steps.reportedBy(worker),
      })),
    });
    if (notice !== null) this.#run.notice(notice);
    if (end !== null) this.#run.fail('NO_PROGRESS', end.message, end.worker);
  }

  /** Once everyone trains, steps are due. */
  #settle(now: Millis, record: GenerationRecord): void {
    const all = record.members.every(({ worker }) => {
      const seen = this.#run.memory.workers.get(worker);
      return seen !== undefined && isTrainingIn(seen, record);
    });
    if (!all) return;
    this.#isSettled = true;
    this.#run.watch.begins(now, this.#stepsLeft);
  }

  get #stepsLeft(): number {
    return (this.#run.given.prepared.totalSteps ?? 0) - this.#run.ahead.recordedSteps;
  }

  /** A step was recorded. */
  recorded(reports: readonly StepReport[], trained: LoggedGeneration): void {
    const generation = this.#run.memory.record?.generation ?? 0;
    const told = this.#run.watch.recorded(this.#run.now, this.#stepsLeft, generation, {
      reports,
      lanesOf: new Map(trained.members.map(({ worker, lanes }) => [worker, lanes])),
    });
    if (told.recovered !== null) this.#run.append(told.recovered);
    if (told.notice !== null) this.#run.notice(told.notice);
    const phases = this.#phases.add(this.#run.now, reports, trained);
    if (phases !== null) this.#run.append(phases);
    this.#run.given.parts.metrics.timesOf(reports, this.#run.watch.straggler);
  }
}
