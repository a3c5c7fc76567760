/**
 * One leadership of a run: from the moment a process has the claim until it loses it or the run is
 * over. It hears the workers, asks the pure decisions, and acts on their answers. It never looks at a
 * clock of its own and starts no timer: `tick` is called from outside.
 */
import { BusAwayError, type BusLog, type BusStream, type BusValues } from '../../shared/bus.js';
import { codeOf } from '../../shared/exit-codes.js';
import { type WorkerId, workerId } from '../../shared/ids.js';
import type { GenerationRecord } from '../../shared/membership/generation-record.js';
import type { Lead } from '../../shared/messages/cluster/from-leader.js';
import type {
  NumberedReport,
  WorkerMessage,
  WorkerProgress,
  WorkerReport,
} from '../../shared/messages/cluster/from-worker.js';
import { encodeWorkerMessage } from '../../shared/messages/cluster/from-worker.js';
import type { Happening, LogEntry } from '../../shared/messages/cluster/log-entry.js';
import type { ReportedMetrics } from '../../shared/messages/report-fields.js';
import type { RunResult } from '../../shared/messages/run-events.js';
import { everyPlanSubject, planStream, progressSubject } from '../../shared/subjects.js';
import { type Millis, millis } from '../../shared/units.js';
import { ClusterMemory } from '../membership/cluster-memory.js';
import type { ClusterView } from '../membership/cluster-view.js';
import { decideMembership } from '../membership/decide-membership.js';
import { isTrainingIn } from '../membership/find-late.js';
import type { Form, Start } from '../membership/membership-decision.js';
import { otherSecrets } from '../membership/other-secrets.js';
import { PlanPublisher } from '../plans/plan-publisher.js';
import { judgeFailure, type WorkerFailure } from '../record/judge-failure.js';
import { LogWriter } from '../record/log-writer.js';
import type { SafeWhen } from '../record/report-inbox.js';
import {
  foldEntry,
  type LoggedGeneration,
  lastTrained,
  type RunEnd,
  type RunState,
} from '../record/run-state.js';
import type { StepReport } from '../record/step-reports.js';
import { decideResult, type Finished } from '../verdict.js';
import type { CoordinatorParts, Prepared } from './coordinator-parts.js';
import { describeRun } from './describe-run.js';
import { FactRecorder } from './fact-recorder.js';
import { LeadVoice } from './lead-voice.js';
import { goodbyeLongest, goodbyeShortest, relayInterval } from './limits.js';
import { RecordKeeper } from './record-keeper.js';
import { ReportDesk } from './report-desk.js';
import { generationEntry, overOf } from './run-entries.js';
import { StepRecorder } from './step-recorder.js';
import { TrainingWatch } from './training-watch.js';
import { whoseEndCounts } from './whose-end-counts.js';

export interface RunLeaderGiven {
  readonly parts: CoordinatorParts;
  readonly prepared: Prepared;
  readonly fence: number;
  readonly values: BusValues;
  readonly log: BusLog;
  /** What the log comes to, and the sequence of its newest entry. */
  readonly state: RunState;
  readonly last: number;
  readonly now: Millis;
  /** For how long the leader before has given no sign of life; 0 where there was none. */
  readonly silentFor: Millis;
  readonly onDeposed: (reason: string) => void;
  /** Stored, said, and heard by whoever was there. */
  readonly onOver: (end: RunEnd) => void;
}

export class RunLeader {
  readonly #given: RunLeaderGiven;
  readonly #records: RecordKeeper;
  readonly #memory: ClusterMemory;
  readonly #writer: LogWriter;
  readonly #voice: LeadVoice;
  readonly #plans: PlanPublisher;
  readonly #steps: StepRecorder;
  readonly #facts: FactRecorder;
  readonly #watch: TrainingWatch;
  readonly #desk = new ReportDesk((worker, report) => this.#take(worker, report));
  readonly #finished = new Map<WorkerId, Finished>();
  readonly #metricsOf = new Map<WorkerId, readonly ReportedMetrics[]>();
  readonly #failures: WorkerFailure[] = [];
  /** Told to have another secret. */
  readonly #strangers = new Set<WorkerId>();
  readonly #stream: BusStream;
  /** As it will be when everything that was appended is stored. */
  #ahead: RunState;
  /** As it is stored. */
  #stored: RunState;
  /** Everyone trains in the newest generation. */
  #isSettled = false;
  #now: Millis;
  #isActing = false;
  #end: { readonly end: RunEnd; readonly since: Millis } | null = null;
  #relayedAt: Millis = millis(0);
  #closed = false;

  /** @throws BusAwayError, BusRefusedError; null where a newer leader has been faster. */
  static async open(given: RunLeaderGiven): Promise<RunLeader | null> {
    const { parts, prepared, fence, values } = given;
    const records = new RecordKeeper(values, parts.run, fence);
    const taken = await records.takeOver();
    if (taken === null) return null;
    const { dataset, totalSteps } = prepared;
    await describeRun(values, parts.run, { ...parts.description, dataset, totalSteps });
    const stream = await parts.bus.ensureStream(planStream(parts.run), everyPlanSubject(parts.run));
    return new RunLeader(given, records, taken.record, stream);
  }

  private constructor(
    given: RunLeaderGiven,
    records: RecordKeeper,
    record: GenerationRecord | null,
    stream: BusStream,
  ) {
    const { parts, prepared, fence, log, state, last, now, onDeposed } = given;
    this.#given = given;
    this.#records = records;
    this.#stream = stream;
    this.#now = now;
    this.#ahead = state;
    this.#stored = state;
    this.#watch = new TrainingWatch(now);
    const trained = lastTrained(state);
    this.#memory = new ClusterMemory(
      now,
      record,
      trained && {
        generation: trained.generation,
        workers: trained.members.map(({ worker }) => worker),
      },
    );
    this.#writer = new LogWriter({
      log,
      last,
      fence,
      time: parts.time,
      onStored: (entry) => this.#onStored(entry),
      onDeposed,
      onFailure: (error) => this.#failWith(error),
    });
    this.#voice = new LeadVoice(parts.bus, parts.run, () => this.#lead());
    this.#plans = new PlanPublisher({
      stream,
      run: parts.run,
      clock: parts.clock,
      metrics: parts.metrics,
      plans: prepared.plans,
      firstStep: state.recordedSteps,
      totalSteps: prepared.totalSteps ?? 0,
      maxPayload: parts.bus.maxPayload,
      fence,
      isFirst: state.fence === 0,
      onFailure: (error) => this.#failWith(error),
    });
    this.#steps = new StepRecorder({
      fence,
      plans: this.#plans,
      state: () => this.#ahead,
      append: (entry) => this.#append(entry),
      time: parts.time,
      secondsOf: () => this.#watch.secondsSinceStep(this.#now),
      onRecorded: (reports, trained) => this.#onRecorded(reports, trained),
    });
    this.#facts = new FactRecorder({
      state: () => this.#ahead,
      append: (entry) => this.#append(entry),
    });
    if (state.hasTrained && state.end === null) {
      const since = millis(now - given.silentFor);
      this.#watch.recovery.decided(now, { cause: 'leader', workers: [], planned: false, since });
      this.#watch.recovery.started(now);
    }
    this.#append({
      kind: 'led',
      coordinator: parts.name,
      totalSteps: prepared.totalSteps ?? 0,
    });
    parts.metrics.totalSteps.set(prepared.totalSteps ?? 0);
    parts.metrics.committedSteps.set(state.recordedSteps);
    parts.metrics.leads(fence, record?.generation ?? 0);
    this.#plans.begin();
  }

  /** Null while the run moves, or waits for workers with a reason. */
  get unhealthy(): string | null {
    return this.#end === null ? this.#watch.late : `the run is over: ${this.#end.end.kind}`;
  }

  /** Who holds up the others; null where nobody does. */
  get straggler(): WorkerId | null {
    return this.#watch.straggler;
  }

  /** Members finish the step they are in, write a checkpoint and end. */
  stop(by: string): void {
    if (this.#ahead.stopping || this.#end !== null) return;
    this.#append({ kind: 'stopping', by });
    this.#voice.changed();
  }

  /** @param now of a clock that stands still while this process does, or the bus is away */
  tick(now: Millis): void {
    if (this.#closed) return;
    this.#now = now;
    this.#writer.tick();
    this.#plans.tick();
    if (this.#end !== null) this.#sayGoodbye(now, this.#end);
    else this.#guard(() => this.#look(now));
    if (!this.#closed) this.#voice.tick(now);
  }

  /** The bus was away and is back: nobody could be heard, so nobody was silent. */
  cameBack(now: Millis): void {
    this.#memory.excuse(now);
    this.#plans.wake();
    this.#voice.changed();
    if (this.#ahead.hasTrained && this.#end === null) {
      this.#watch.recovery.decided(now, { cause: 'bus', workers: [], planned: false, since: null });
      this.#watch.recovery.started(now);
    }
  }

  hear(now: Millis, worker: WorkerId, message: WorkerMessage): void {
    if (this.#closed) return;
    this.#now = now;
    this.#guard(() => this.#hear(now, worker, message));
  }

  /** Stops acting: someone else leads, or the process ends. */
  close(): void {
    this.#closed = true;
    this.#writer.close();
    this.#plans.close();
  }

  /** Removes what the run needs no more; its log stays. */
  async clean(): Promise<void> {
    const { filesPublisher, log } = this.#given.parts;
    try {
      await this.#stream.remove();
      await filesPublisher.remove();
    } catch (error) {
      // The outcome stands; what is left on a server ages away by itself.
      log.warn({ code: codeOf(error) }, `left behind: ${(error as Error).message}`);
    }
  }

  /** Whatever fails in a look at the run ends it. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#failWith(error as Error);
    }
  }

  #append(entry: Happening): number {
    const { entry: logged, sequence } = this.#writer.append(entry);
    this.#ahead = foldEntry(this.#ahead, logged);
    return sequence;
  }

  #onStored(logged: LogEntry): void {
    this.#stored = foldEntry(this.#stored, logged);
    const { entry } = logged;
    const { metrics } = this.#given.parts;
    switch (entry.kind) {
      case 'committed':
        metrics.committed(entry.report);
        metrics.stepSeconds.observe(entry.seconds);
        this.#plans.committed(entry.report.step + 1);
        break;
      case 'checkpointed':
        metrics.checkpointSteps.set(entry.committedSteps);
        metrics.checkpointSeconds.observe(entry.seconds);
        this.#plans.checkpointed(entry.committedSteps);
        break;
      case 'validated':
      case 'evaluated':
        metrics.evaluated(entry.results);
        break;
      case 'recovered':
        metrics.recovered(entry);
        break;
      case 'finished':
      case 'failed':
        this.#voice.changed();
        break;
      default:
        break;
    }
    this.#voice.aged();
  }

  // ---- hearing

  #hear(now: Millis, worker: WorkerId, message: WorkerMessage): void {
    switch (message.kind) {
      case 'status':
        if (this.#memory.hear(now, worker, message) && this.#end === null) this.#look(now);
        break;
      case 'report':
        this.#memory.heardFrom(now, worker, message.incarnation, false);
        this.#hearReport(worker, message);
        break;
      case 'progress':
        this.#hearProgress(now, worker, message);
        break;
      case 'files-wanted':
        this.#publishFiles(message.digest);
        break;
    }
  }

  #hearReport(worker: WorkerId, message: NumberedReport): void {
    if (this.#end !== null) return;
    const known = this.#memory.workers.get(worker)?.status.incarnation ?? null;
    this.#desk.hear(worker, message, known);
    this.#record(this.#now);
  }

  /** @throws MembersDifferError */
  #take(worker: WorkerId, { generation, report }: NumberedReport): SafeWhen {
    switch (report.kind) {
      case 'committed': {
        const { step } = report.report;
        const { kind: _, ...told } = report;
        const known = this.#steps.add({ worker, generation, ...told });
        if (!known) this.#refuse('ahead', `${worker} reports step ${step}, which nobody can train`);
        return known ? { kind: 'recorded', step } : { kind: 'now' };
      }
      case 'finished':
        this.#watch.evaluating(this.#now);
        this.#finished.set(worker, report);
        return { kind: 'over' };
      case 'failed':
        return this.#takeFailure(worker, report);
      case 'evaluated':
        this.#metricsOf.set(worker, report.results);
        break;
      case 'validated':
        // What came before is no part of the next step.
        this.#watch.pausedSteps(this.#now);
        break;
      default:
        break;
    }
    this.#watch.heard(this.#now);
    return this.#facts.take(worker, report);
  }

  #takeFailure(
    worker: WorkerId,
    { code, message, stack }: Extract<WorkerReport, { kind: 'failed' }>,
  ): SafeWhen {
    this.#given.parts.log.error({ worker, code, stack }, message);
    const { recordedSteps } = this.#ahead;
    const failure = { worker, code, recordedSteps };
    const isWriter = this.#memory.record?.writer === worker;
    const meaning = judgeFailure(failure, this.#failures, isWriter);
    this.#failures.push(failure);
    if (meaning.kind === 'ends the run') {
      this.#fail(code, message, worker);
      return { kind: 'over' };
    }
    const text = `${worker} failed: ${code}: ${message}`;
    return this.#facts.take(worker, { kind: 'notice', text });
  }

  #hearProgress(now: Millis, worker: WorkerId, message: WorkerProgress): void {
    const moved = message.doing === 'copying';
    this.#memory.heardFrom(now, worker, message.incarnation, moved);
    if (message.doing !== 'copying') this.#watch.evaluating(now);
    if (message.doing === 'encoding') this.#watch.pausedSteps(now);
    if (this.#memory.record?.members[0]?.worker !== worker) return;
    if (now - this.#relayedAt < relayInterval) return;
    this.#relayedAt = now;
    const { bus, run } = this.#given.parts;
    bus.publish(progressSubject(run), encodeWorkerMessage(message));
  }

  #publishFiles(digest: string): void {
    const publishing = this.#given.parts.filesPublisher.publish(digest);
    if (publishing === null) {
      this.#refuse('stranger', `files of ${digest} are wanted, which the run has not`);
      return;
    }
    publishing.then(
      (files) => this.#voice.say({ kind: 'files-published', digest, files: [...files] }),
      (error: unknown) => {
        // Whoever wants them goes on asking.
        if (!(error instanceof BusAwayError)) this.#failWith(error as Error);
      },
    );
  }

  #refuse(reason: string, message: string): void {
    this.#given.parts.metrics.refused.inc({ reason });
    this.#given.parts.log.warn({ reason }, message);
  }

  // ---- deciding

  /** Records what has been reported by all; whether the run is over by it. */
  #record(now: Millis): boolean {
    const trained = this.#trainedIn;
    if (trained !== null) this.#steps.recordDue(trained, this.#trainers());
    this.#facts.recordDue();
    this.#settleReports();
    return this.#tryToFinish(now);
  }

  #look(now: Millis): void {
    if (this.#end !== null || this.#closed) return;
    if (this.#record(now) || this.#isActing) return;
    const decision = decideMembership(now, this.#memory.view(this.#factsOf()), this.#workers);
    switch (decision.kind) {
      case 'ping':
        this.#memory.suspect(now, decision.suspects);
        this.#voice.changed();
        this.#voice.tick(now);
        break;
      case 'wait':
        this.#wait(decision.reason);
        break;
      case 'form':
        if (this.#ahead.stopping && !this.#ahead.hasTrained)
          this.#stopWithoutWorkers('nobody had begun');
        else this.#act(() => this.#form(decision));
        break;
      case 'start':
        this.#act(() => this.#start(decision));
        break;
      case 'nothing':
        break;
    }
    this.#nameStrangers();
    this.#lookAtTraining(now);
  }

  /** Whoever has another secret can never be linked with the others: that is said once. */
  #nameStrangers(): void {
    const { record, workers } = this.#memory;
    if (record === null) return;
    const standing = [...workers.values()].filter(({ status }) => status.phase === 'standing-by');
    if (standing.length === 0) return;
    for (const worker of otherSecrets(this.#memory.view(this.#factsOf()), standing)) {
      if (this.#strangers.has(worker)) continue;
      this.#strangers.add(worker);
      this.#notice(
        `${worker} is not taken in: it has another secret than the members: LOCKSTEP_SECRET_FILE (or ` +
          'LOCKSTEP_SECRET) must be the same for all workers of a job',
      );
    }
  }

  get #workers() {
    return this.#given.parts.workers;
  }

  #factsOf(): ClusterView['facts'] {
    const { hasTrained, stopping } = this.#ahead;
    return {
      reportedSteps: this.#steps.reportedSteps,
      hasTrained,
      stopping,
      fromSeed: this.#given.parts.description.resume === null,
      longestStep: this.#watch.longestStep,
    };
  }

  /** Who trains now: those whose reports make a step complete. */
  #trainers(): readonly WorkerId[] {
    const { record } = this.#memory;
    if (record === null) return [];
    if (record.start !== null) return record.members.map(({ worker }) => worker);
    return this.#memory.trainedBy?.workers ?? [];
  }

  get #trainedIn(): number | null {
    const { record, trainedBy } = this.#memory;
    return record?.start == null ? (trainedBy?.generation ?? null) : record.generation;
  }

  #settleReports(): void {
    const more = this.#desk.settle({
      stored: this.#writer.last,
      recordedSteps: this.#stored.recordedSteps,
      over: this.#stored.end !== null,
    });
    if (more) this.#voice.aged();
  }

  #wait(reason: string): void {
    if (this.#ahead.stopping) this.#stopWithoutWorkers(reason);
    else if (this.#ahead.waiting !== reason) this.#append({ kind: 'waiting', reason });
  }

  #stopWithoutWorkers(reason: string): void {
    const { hasTrained, recordedSteps } = this.#ahead;
    const when = hasTrained
      ? `after step ${recordedSteps}, while nobody trained`
      : 'before training began';
    this.#fail('STOPPED', `stopped ${when}: ${reason}`, null);
  }

  #act(work: () => Promise<void>): void {
    this.#isActing = true;
    work()
      .catch((error: unknown) => this.#failWith(error as Error))
      .finally(() => {
        this.#isActing = false;
      });
  }

  async #form(decision: Form): Promise<void> {
    const { fence, parts } = this.#given;
    const record = { ...decision.record, fence };
    const decidedAt = this.#now;
    if (!(await this.#write(record))) return;
    this.#memory.formed(this.#now, decision, record);
    if (!record.planned) this.#isSettled = false;
    this.#append(generationEntry(record, null, null));
    if (this.#ahead.hasTrained) {
      const { cause, workers, since } = decision;
      this.#watch.recovery.decided(decidedAt, { cause, workers, planned: record.planned, since });
    }
    const { generation, members, planned, reason } = record;
    parts.log.info(
      { generation, planned, members: members.map(({ worker }) => worker), reason },
      'generation formed',
    );
    parts.metrics.generation.set(generation);
    this.#voice.changed();
    this.#voice.tick(this.#now);
  }

  /** Whether the record stands in the store now. */
  async #write(record: GenerationRecord): Promise<boolean> {
    const written = await this.#records.write(record);
    // The run may have ended while it was being written: nothing stands behind the end.
    if (this.#closed || this.#end !== null) return false;
    if (written.kind === 'deposed')
      this.#given.onDeposed('a newer leader has written a generation');
    // An answer was lost, and something else has been decided since: it goes on from what is there.
    if (written.kind === 'other') this.#memory.found(this.#now, written.record);
    return written.kind === 'written';
  }

  async #start({ record: proposed, position, resumedFrom }: Start): Promise<void> {
    const { fence, parts, prepared } = this.#given;
    const { totalSteps } = prepared;
    if (proposed.start?.kind === 'seed' && parts.checkpointRequired) {
      const wish = totalSteps === null ? 'evaluate' : 'resume';
      const where = parts.description.checkpoints ?? 'no worker';
      this.#fail('CHECKPOINT_MISSING', `Cannot ${wish}: ${where} has no usable checkpoint`, null);
      return;
    }
    if (totalSteps !== null && position.committedSteps > totalSteps) {
      const message =
        `Cannot resume: ${resumedFrom ?? 'a member'} has ${position.committedSteps} committed ` +
        `steps: spec.duration ends at ${totalSteps}: it may grow, not shrink`;
      this.#fail('DURATION_PASSED', message, null);
      return;
    }
    // What the members go on from must stand in the log before anyone goes on from it.
    const isOurs = proposed.start?.kind === 'state' || this.#ahead.hasTrained;
    if (isOurs && !this.#steps.recordUpTo(position.committedSteps)) return;
    if (!this.#writer.isFlushed) return;
    const record = { ...proposed, fence };
    if (!(await this.#write(record))) return;
    this.#begin(record, position, resumedFrom);
  }

  #begin(record: GenerationRecord, position: Start['position'], resumedFrom: string | null): void {
    const { log, metrics } = this.#given.parts;
    if (position.committedSteps !== this.#ahead.recordedSteps) {
      this.#plans.restart(position.committedSteps);
      this.#steps.rewound(position.committedSteps);
    }
    this.#memory.started(this.#now, record);
    this.#append(generationEntry(record, position, resumedFrom));
    this.#watch.recovery.started(this.#now);
    this.#isSettled = false;
    metrics.members.set(record.members.length);
    const { generation, start } = record;
    log.info({ generation, start, resumedFrom }, 'generation starts');
    this.#voice.changed();
    this.#voice.tick(this.#now);
  }

  // ---- watching

  #lookAtTraining(now: Millis): void {
    const { record } = this.#memory;
    if (record === null || this.#trainedIn === null) return;
    if (!this.#isSettled && record.start !== null) this.#settle(now, record);
    if (!this.#isSettled) return;
    const { notice, end } = this.#watch.look(now, {
      recordedSteps: this.#ahead.recordedSteps,
      publishedSteps: this.#plans.publishedSteps,
      members: this.#trainers().map((worker) => ({
        worker,
        phase: this.#memory.workers.get(worker)?.status.phase ?? 'silent',
        reportedSteps: this.#steps.reportedBy(worker),
      })),
    });
    if (notice !== null) this.#notice(notice);
    if (end !== null) this.#fail('NO_PROGRESS', end.message, end.worker);
  }

  /** Once everyone trains, steps are due. */
  #settle(now: Millis, record: GenerationRecord): void {
    const all = record.members.every(({ worker }) => {
      const seen = this.#memory.workers.get(worker);
      return seen !== undefined && isTrainingIn(seen, record);
    });
    if (!all) return;
    this.#isSettled = true;
    this.#watch.begins(now, this.#stepsLeft);
  }

  get #stepsLeft(): number {
    return (this.#given.prepared.totalSteps ?? 0) - this.#ahead.recordedSteps;
  }

  #onRecorded(reports: readonly StepReport[], trained: LoggedGeneration): void {
    const generation = this.#memory.record?.generation ?? 0;
    const told = this.#watch.recorded(this.#now, this.#stepsLeft, generation, {
      reports,
      lanesOf: new Map(trained.members.map(({ worker, lanes }) => [worker, lanes])),
    });
    if (told.recovered !== null) this.#append(told.recovered);
    if (told.notice !== null) this.#notice(told.notice);
    this.#given.parts.metrics.timesOf(reports, this.#watch.straggler);
  }

  #notice(text: string): void {
    this.#given.parts.log.warn({}, text);
    this.#append({ kind: 'notice', text });
  }

  // ---- ending

  /** @throws WeightsDifferError */
  #tryToFinish(now: Millis): boolean {
    const view = this.#memory.view(this.#factsOf());
    const ends = whoseEndCounts(now, view, new Set(this.#finished.keys()));
    if (ends === null) return false;
    const steps = this.#finished.get(ends[0] as WorkerId)?.committedSteps ?? 0;
    if (this.#given.prepared.totalSteps !== null && !this.#steps.recordUpTo(steps)) return false;
    this.#facts.recordDue();
    const result = decideResult(ends, this.#finished, this.#metricsOf, this.#ahead.liveNegatives);
    if (result !== null) this.#finish(result);
    return true;
  }

  #finish(result: RunResult): void {
    this.#append({ kind: 'finished', result: { ...result, metrics: [...result.metrics] } });
    this.#given.parts.log.info({ ...result, metrics: undefined }, 'run finished');
    this.#enter({ kind: 'finished', result });
  }

  #failWith(error: Error): void {
    const code = codeOf(error);
    const workers = (error as { workers?: readonly string[] }).workers;
    this.#fail(code, error.message, workers?.length === 1 ? workerId(workers[0] as string) : null);
    if (code === 'INTERNAL') {
      this.#given.parts.log.error({ stack: error.stack }, 'unexpected error');
    }
  }

  #fail(code: string, message: string, worker: WorkerId | null): void {
    if (this.#end !== null || this.#closed) return;
    const committedSteps = this.#ahead.recordedSteps;
    this.#given.parts.log.error({ code, worker, committedSteps }, message);
    this.#append({ kind: 'failed', code, message: message.slice(0, 8192), worker, committedSteps });
    this.#enter({ kind: 'failed', code, message });
  }

  #enter(end: RunEnd): void {
    this.#end = { end, since: this.#now };
    this.#plans.close();
    this.#voice.changed();
  }

  /** The end is said until nobody is heard any more, for a bounded time. */
  #sayGoodbye(now: Millis, { end, since }: { end: RunEnd; since: Millis }): void {
    if (this.#stored.end === null) return;
    this.#settleReports();
    this.#voice.tick(now, millis(100));
    const heardAt = Math.max(0, ...[...this.#memory.workers.values()].map((one) => one.heardAt));
    const isSilent = now - heardAt >= goodbyeShortest && now - since >= goodbyeShortest;
    if (!isSilent && now - since < goodbyeLongest) return;
    this.close();
    this.#given.onOver(end);
  }

  #lead(): Lead {
    const { fence, parts } = this.#given;
    return {
      kind: 'lead',
      fence,
      coordinator: parts.name,
      recordedSteps: this.#stored.recordedSteps,
      hasTrained: this.#stored.hasTrained,
      generation: this.#memory.record,
      stopping: this.#ahead.stopping,
      over: overOf(this.#stored.end),
      heard: this.#desk.heard,
      ping: this.#memory.ping,
    };
  }
}
