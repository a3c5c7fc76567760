/** The part of a run in which a fixed membership trains: what the members say, and what follows. */
import type { BusStream } from '../shared/bus.js';
import type { WorkerId } from '../shared/ids.js';
import type { LedgerRecord } from '../shared/ledger/ledger-record.js';
import { recordStep } from '../shared/ledger/record-step.js';
import { heartbeatTimeout, startTimeout } from '../shared/limits.js';
import type { FromWorker, Membership } from '../shared/messages/messages.js';
import type {
  FoundCheckpoint,
  ReportedMetrics,
  ReportedStep,
} from '../shared/messages/report-fields.js';
import type { LiveNegatives, RunResult } from '../shared/messages/run-events.js';
import { evenShares } from '../shared/plan/lane-ownership.js';
import { type Millis, millis } from '../shared/units.js';
import { CommitTracker, type StepReports } from './commit-tracker.js';
import type { CoordinatorParts, Prepared } from './coordinator-parts.js';
import { findSilent } from './failure-detection.js';
import { isRestarted, type Member, type WorkerProcess } from './membership.js';
import { PlanPublisher } from './plans/plan-publisher.js';
import { decideProgress, type Progress, ProgressWatch, seconds } from './progress.js';
import { decideResult, type Finished } from './verdict.js';

export interface TrainingRunParts {
  readonly parts: CoordinatorParts;
  readonly prepared: Prepared;
  readonly stream: BusStream;
  /** By rank. */
  readonly members: readonly Member[];
  readonly resumeFrom: FoundCheckpoint | null;
  readonly totalSteps: number;
  readonly say: (message: Membership) => void;
  readonly onFailure: (code: string, message: string, worker: WorkerId | null) => void;
  readonly onError: (error: Error) => void;
  readonly onResult: (result: RunResult) => void;
}

export class TrainingRun {
  readonly #given: TrainingRunParts;
  readonly #members: readonly WorkerId[];
  readonly #membership: Membership;
  readonly #firstStep: number;
  readonly #commits: CommitTracker;
  readonly #plans: PlanPublisher;
  readonly #heartbeats: Map<WorkerId, Millis>;
  readonly #ready = new Set<WorkerId>();
  readonly #finished = new Map<WorkerId, Finished>();
  readonly #metrics = new Map<WorkerId, readonly ReportedMetrics[]>();
  readonly #startDeadline: Millis;
  readonly #progress: ProgressWatch;
  /** Members that have heard the membership: they said something else than `join`. */
  readonly #spoke = new Set<WorkerId>();
  #committedAt: Millis;
  /** What is said of a run that is late; null while it moves. */
  #late: string | null = null;
  #liveNegatives: LiveNegatives | null = null;

  constructor(given: TrainingRunParts) {
    this.#given = given;
    const { parts, prepared, members, resumeFrom, stream, totalSteps, onError } = given;
    const now = parts.clock.now();
    this.#members = members.map(({ worker }) => worker);
    this.#membership = membershipOf(given);
    this.#firstStep = resumeFrom?.committedSteps ?? 0;
    this.#commits = new CommitTracker(this.#members, this.#firstStep);
    this.#heartbeats = new Map(this.#members.map((member) => [member, now]));
    this.#startDeadline = millis(now + startTimeout);
    this.#committedAt = now;
    this.#progress = new ProgressWatch(now);
    this.#plans = new PlanPublisher({
      stream,
      run: parts.run,
      clock: parts.clock,
      metrics: parts.metrics,
      plans: prepared.plans,
      firstStep: this.#firstStep,
      totalSteps,
      maxPayload: parts.bus.maxPayload,
      fence: 0,
      isFirst: true,
      onFailure: onError,
    });
  }

  get committedSteps(): number {
    return this.#commits.committedSteps;
  }

  /** Null while training moves. */
  get unhealthy(): string | null {
    return this.#late;
  }

  begin(): void {
    const { parts, resumeFrom, say, totalSteps } = this.#given;
    const { log, metrics } = parts;
    metrics.members.set(this.#members.length);
    metrics.totalSteps.set(totalSteps);
    metrics.committedSteps.set(this.#firstStep);
    this.#plans.begin();
    say(this.#membership);
    log.info({ members: this.#members, totalSteps, resumeFrom }, 'membership formed');
  }

  close(): void {
    this.#plans.close();
  }

  /** Notices who is silent, who does not become ready, and that nothing is committed. */
  watch(now: Millis): void {
    const { onFailure } = this.#given;
    const liveness = findSilent(now, this.#heartbeats, heartbeatTimeout);
    if (liveness.kind === 'silent') {
      const { worker, silentFor } = liveness;
      const message = `${worker} was silent for ${Math.round(silentFor)} ms: it is frozen or gone`;
      onFailure('MEMBER_LOST', message, worker);
      return;
    }
    const missing = this.#members.filter((member) => !this.#ready.has(member));
    if (missing.length > 0 && now >= this.#startDeadline) {
      const message = `${missing.join(', ')} did not become ready in time`;
      onFailure('START_TIMEOUT', message, missing[0] ?? null);
    }
    if (missing.length === 0) this.#watchProgress(decideProgress(now, this.#progress.reading));
  }

  #watchProgress(progress: Progress): void {
    if (progress.kind === 'moving') {
      this.#late = null;
      return;
    }
    const message = this.#describeStandstill(progress);
    if (progress.kind === 'none') {
      this.#given.onFailure('NO_PROGRESS', message, this.#laggard());
    } else if (this.#late === null) {
      const { emit, log } = this.#given.parts;
      log.warn({ code: 'NO_PROGRESS' }, message);
      emit({ kind: 'notice', text: message });
      this.#late = message;
    }
  }

  #describeStandstill({ silentFor, bound, reason }: Exclude<Progress, { kind: 'moving' }>): string {
    const { activity } = this.#progress.reading;
    const reports = [...this.#commits.reported].map(([member, steps]) => `${member} ${steps}`);
    return (
      `no progress in ${activity} for ${seconds(silentFor)} although every member sends heartbeats: ` +
      `${this.committedSteps} steps are committed, the members reported ${reports.join(', ')}, ` +
      `plans are published up to step ${this.#plans.publishedSteps}; the run ends after ` +
      `${seconds(bound)} (${reason})`
    );
  }

  /** The member that the others wait for, where it is one. */
  #laggard(): WorkerId | null {
    const least = Math.min(...this.#commits.reported.values());
    const behind = this.#members.filter((member) => this.#commits.reported.get(member) === least);
    return behind.length === 1 ? (behind[0] ?? null) : null;
  }

  /**
   * Takes what a member says; false for a stranger.
   *
   * @throws MembersDifferError, StateDiffersError, UsersDifferError, ReportOrderError, PlanForgedError,
   *   WeightsDifferError
   */
  hear(worker: WorkerId, message: FromWorker): boolean {
    if (!this.#heartbeats.has(worker)) return false;
    const { parts, onFailure, say } = this.#given;
    const now = parts.clock.now();
    this.#heartbeats.set(worker, now);
    if (message.kind !== 'join') this.#spoke.add(worker);
    switch (message.kind) {
      case 'join':
        if (this.#isRestarted(worker, message)) this.#loseRestarted(worker, message);
        // It has not heard the membership yet.
        else say(this.#membership);
        break;
      case 'ready':
        this.#becomeReady(worker, message.step);
        break;
      case 'committed':
        this.#plans.check(worker, message.report.step, message.planSha256);
        for (const reports of this.#commits.record(worker, message.report)) this.#commit(reports);
        break;
      case 'checkpointed':
        parts.metrics.checkpointSteps.set(message.committedSteps);
        parts.metrics.checkpointSeconds.observe(message.seconds);
        this.#plans.checkpointed(message.committedSteps);
        this.#progress.heard(now);
        parts.emit(message);
        break;
      case 'evaluating':
      case 'encoding':
        // No part of the step that follows.
        if (message.kind === 'encoding') this.#committedAt = now;
        this.#progress.evaluating(now);
        if (worker === this.#members[0]) parts.emit(message);
        break;
      case 'validated':
        // What came before is no part of the next step.
        this.#committedAt = parts.clock.now();
        if (worker === this.#members[0]) {
          parts.metrics.evaluated(message.results);
          parts.emit(message);
        }
        break;
      case 'rolled-back':
        this.#progress.heard(now);
        if (worker === this.#members[0]) parts.emit(message);
        break;
      case 'evaluated':
        this.#progress.heard(now);
        this.#metrics.set(worker, message.results);
        if (worker === this.#members[0]) this.#evaluated(message.results);
        break;
      case 'finished':
        this.#finish(worker, message);
        break;
      case 'failed': {
        const { code, stack } = message;
        parts.log.error({ worker, code, stack }, message.message);
        onFailure(code, message.message, worker);
        break;
      }
    }
    return true;
  }

  #becomeReady(worker: WorkerId, at: number): void {
    const { parts, onFailure } = this.#given;
    if (at !== this.#firstStep) {
      const message = `${worker} starts at step ${at}: all members must start at ${this.#firstStep}`;
      onFailure('MEMBERS_DIFFER', message, worker);
      return;
    }
    this.#ready.add(worker);
    if (this.#ready.size < this.#members.length) return;
    this.#committedAt = parts.clock.now();
    this.#progress.ready(this.#committedAt, this.#membership.totalSteps - this.#firstStep);
    parts.emit({
      kind: 'started',
      members: this.#members,
      firstStep: this.#firstStep,
      totalSteps: this.#membership.totalSteps,
      resumedFrom: this.#membership.resumeFrom,
    });
  }

  #commit(reports: StepReports): void {
    const { clock, emit, metrics } = this.#given.parts;
    const [{ report }] = reports;
    const ledger = this.#record(report.step, reports);
    const now = clock.now();
    const seconds = (now - this.#committedAt) / 1000;
    metrics.committed(report);
    metrics.stepSeconds.observe(seconds);
    this.#committedAt = now;
    this.#progress.committed(now, this.#membership.totalSteps - (report.step + 1));
    this.#liveNegatives = countLive(this.#liveNegatives, report);
    this.#plans.committed(report.step + 1);
    emit({ kind: 'committed', report, seconds, ledger });
  }

  /** @throws StateDiffersError, UsersDifferError */
  #record(at: number, reports: StepReports): LedgerRecord {
    const plan = this.#plans.planOf(at);
    if (plan === null) throw new Error(`Step ${at} was committed and is not published`);
    const { counts } = evenShares(this.#members.length, plan.users.lanes.length);
    const members = this.#members.map((worker, rank) => ({ worker, lanes: counts[rank] ?? 0 }));
    const recording = recordStep({
      step: at,
      plan: plan.users,
      planSha256: plan.sha256,
      generation: { generation: 0, fence: 0, members },
      reports,
      time: this.#given.parts.wallClock(),
    });
    if (recording.kind === 'difference') throw recording.error;
    return recording.record;
  }

  #evaluated(results: readonly ReportedMetrics[]): void {
    const { emit, metrics } = this.#given.parts;
    metrics.evaluated(results);
    // The sender's own count: reports of others about the last step may still be on their way.
    const committedSteps = this.#commits.stepsOf(this.#members[0] as WorkerId);
    emit({ kind: 'evaluated', committedSteps, results });
  }

  #isRestarted(worker: WorkerId, now: WorkerProcess): boolean {
    const member = this.#given.members.find((known) => known.worker === worker);
    return member !== undefined && isRestarted(member, now, this.#spoke.has(worker));
  }

  /**
   * A process of a member's name without its state. In this version a membership is fixed, so the
   * others would wait for it for ever.
   */
  #loseRestarted(worker: WorkerId, { pid, host }: WorkerProcess): void {
    const message =
      `${worker} was started again (pid ${pid} on ${host}) when ${this.committedSteps} steps were ` +
      'committed: what it held is gone, and a running training takes nobody in';
    this.#given.onFailure('MEMBER_RESTARTED', message, worker);
  }

  #finish(worker: WorkerId, finished: Finished): void {
    this.#progress.evaluating(this.#given.parts.clock.now());
    this.#finished.set(worker, finished);
    const result = decideResult(this.#members, this.#finished, this.#metrics, this.#liveNegatives);
    if (result !== null) this.#given.onResult(result);
  }
}

function countLive(before: LiveNegatives | null, { measures }: ReportedStep): LiveNegatives | null {
  const { live_negatives: mean, least_live_negatives: least } = measures;
  if (mean === undefined || least === undefined) return null;
  return { mean, least, leastOfRun: Math.min(least, before?.leastOfRun ?? least) };
}

function membershipOf(given: TrainingRunParts): Membership {
  const { parts, prepared, members, resumeFrom, totalSteps } = given;
  return {
    kind: 'membership',
    generation: 0,
    members: members.map(({ worker, address }) => ({ worker, address })),
    linksToken: parts.linksToken,
    job: parts.spec,
    dataset: prepared.dataset,
    checkpointDirectory: parts.checkpointDirectory,
    resumeFrom: resumeFrom?.path ?? null,
    totalSteps,
    evaluate: parts.evaluate,
  };
}
