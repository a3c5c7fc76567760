/**
 * Watches training go on: how long steps take, who is waited for, what a change of members cost. It
 * is told clock readings and returns what should be said.
 */
import type { WorkerId } from '../../../shared/ids.js';
import type { Recovered } from '../../../shared/messages/run-events.js';
import { type Millis, millis } from '../../../shared/units.js';
import { decideProgress, type Progress, ProgressWatch, seconds } from '../../progress.js';
import type { StepReport } from '../../record/step-reports.js';
import { StragglerWatch, stragglerText } from '../../recovery/find-straggler.js';
import { RecoveryClock } from '../../recovery/recovery-clock.js';
import { stallFactor, stallFloor } from '../limits.js';

/** A member as the others wait for it. */
export interface Watched {
  readonly worker: WorkerId;
  readonly phase: string;
  readonly reportedSteps: number;
}

export interface RecordedStep {
  readonly reports: readonly StepReport[];
  readonly lanesOf: ReadonlyMap<WorkerId, number>;
}

export interface TrainingSeen {
  readonly recordedSteps: number;
  readonly publishedSteps: number;
  readonly members: readonly Watched[];
}

/** What a look at training comes to. */
export interface WatchWord {
  /** To be told once. */
  readonly notice: string | null;
  /** Nothing moves: the run ends. */
  readonly end: { readonly message: string; readonly worker: WorkerId | null } | null;
}

/** Recent steps whose longest says what is usual. */
const stepsKept = 16;

export class TrainingWatch {
  readonly recovery = new RecoveryClock();
  readonly #stragglers = new StragglerWatch();
  readonly #progress: ProgressWatch;
  #recordedAt: Millis;
  #recent: number[] = [];
  #late: string | null = null;
  #stalled = false;
  #isFirst = true;

  constructor(now: Millis) {
    this.#progress = new ProgressWatch(now);
    this.#recordedAt = now;
  }

  /** What is said of a run that is late; null while it moves. */
  get late(): string | null {
    return this.#late;
  }

  get straggler(): WorkerId | null {
    return this.#stragglers.named;
  }

  /** The longest of the recent steps; null before the first. */
  get longestStep(): Millis | null {
    return this.#recent.length === 0 ? null : millis(Math.max(...this.#recent));
  }

  /** Null before it is known. */
  get usualStep(): Millis | null {
    const sorted = [...this.#recent].sort((a, b) => a - b);
    return millis(sorted[Math.floor(sorted.length / 2)] ?? 0) || null;
  }

  secondsSinceStep(now: Millis): number {
    return (now - this.#recordedAt) / 1000;
  }

  /** Everyone trains: from here on steps are due. */
  begins(now: Millis, stepsLeft: number): void {
    this.#recordedAt = now;
    this.#isFirst = true;
    this.recovery.training(now);
    this.#progress.ready(now, stepsLeft);
  }

  /** Somebody works at something else than a step, which is no part of the next one. */
  pausedSteps(now: Millis): void {
    this.#recordedAt = now;
    this.recovery.paused(now);
  }

  /** The run is paused: time passes, and no step is late, nor is its time a step's. */
  stands(now: Millis): void {
    this.#recordedAt = now;
    this.#late = null;
    this.#progress.heard(now);
    this.recovery.stands(now);
  }

  evaluating(now: Millis): void {
    this.#progress.evaluating(now);
  }

  heard(now: Millis): void {
    this.#progress.heard(now);
  }

  /** A step was recorded: the receipt of a recovery that it ends, and what is to be told of its times. */
  recorded(
    now: Millis,
    stepsLeft: number,
    generation: number,
    { reports, lanesOf }: RecordedStep,
  ): { readonly recovered: Recovered | null; readonly notice: string | null } {
    // The first step also loads what all others use: its time says nothing of theirs.
    if (!this.#isFirst) this.#recent = [...this.#recent, now - this.#recordedAt].slice(-stepsKept);
    this.#isFirst = false;
    this.#recordedAt = now;
    this.#stalled = false;
    this.#progress.committed(now, stepsLeft);
    const times = reports
      .map(({ worker, report }) => {
        const { phaseSeconds, waitSeconds } = report;
        return { worker, report: { phaseSeconds, waitSeconds, lanes: lanesOf.get(worker) ?? 0 } };
      })
      .filter(({ report }) => report.lanes > 0);
    const straggler = this.#stragglers.recorded(times);
    return {
      recovered: this.recovery.recorded(now, generation),
      notice: straggler === null ? null : stragglerText(straggler),
    };
  }

  look(now: Millis, seen: TrainingSeen): WatchWord {
    const progress = decideProgress(now, this.#progress.reading);
    const stall = this.#stall(now, seen);
    if (progress.kind === 'moving') {
      this.#late = null;
      return { notice: stall, end: null };
    }
    const message = this.#describe(progress, seen);
    if (progress.kind === 'none') {
      return { notice: null, end: { message, worker: laggards(seen.members)[0]?.worker ?? null } };
    }
    const isNew = this.#late === null;
    this.#late = message;
    return { notice: isNew ? message : stall, end: null };
  }

  /** A step that takes many times its usual time is told long before it ends the run. */
  #stall(now: Millis, { members, recordedSteps }: TrainingSeen): string | null {
    const { activity, since } = this.#progress.reading;
    const usual = this.longestStep;
    if (this.#stalled || activity !== 'training' || usual === null) return null;
    if (now - since < stallFloor + stallFactor * usual) return null;
    this.#stalled = true;
    const behind = laggards(members).map(({ worker, phase }) => `${worker} (${phase})`);
    const who = behind.length === 0 ? 'all members' : behind.join(', ');
    return (
      `step ${recordedSteps} waits for ${who} for ${seconds(now - since)}: the longest of the ` +
      `last ${this.#recent.length} took ${seconds(usual)}`
    );
  }

  #describe(
    { silentFor, bound, reason }: Exclude<Progress, { kind: 'moving' }>,
    { members, publishedSteps, recordedSteps }: TrainingSeen,
  ): string {
    const reports = members.map(({ worker, reportedSteps }) => `${worker} ${reportedSteps}`);
    return (
      `no progress in ${this.#progress.reading.activity} for ${seconds(silentFor)} although every ` +
      `member gives signs of life: ${recordedSteps} steps are recorded, the members reported ` +
      `${reports.join(', ')}, plans are published up to step ${publishedSteps}; the run ends ` +
      `after ${seconds(bound)} (${reason})`
    );
  }
}

/** Members that the others wait for; none where all are equally far. */
function laggards(members: readonly Watched[]): Watched[] {
  const far = members.map(({ reportedSteps }) => reportedSteps);
  const least = Math.min(...far);
  return Math.max(...far) === least
    ? []
    : members.filter(({ reportedSteps }) => reportedSteps === least);
}
