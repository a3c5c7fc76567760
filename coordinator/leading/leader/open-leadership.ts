/** A leadership as it stands on the bus: its log, its plans, its voice, and the run as the log tells it. */
import type { BusStream } from '../../../shared/bus.js';
import { codeOf } from '../../../shared/exit-codes.js';
import type { WorkerId } from '../../../shared/ids.js';
import type { GenerationRecord } from '../../../shared/membership/generation-record.js';
import type { Lead } from '../../../shared/messages/cluster/from-leader.js';
import type { Happening, LogEntry } from '../../../shared/messages/cluster/log-entry.js';
import { type Millis, millis } from '../../../shared/units.js';
import { ClusterMemory } from '../../membership/cluster-memory.js';
import type { ClusterView } from '../../membership/cluster-view.js';
import { PlanPublisher } from '../../plans/plan-publisher.js';
import { LogWriter } from '../../record/log-writer.js';
import {
  foldEntry,
  foldHappening,
  type LoggedGeneration,
  lastTrained,
  type RunState,
} from '../../record/run-state.js';
import { standsAt } from '../../record/stands-at.js';
import type { StepReport } from '../../record/step-reports.js';
import { FactRecorder } from './fact-recorder.js';
import { LeadVoice } from './lead-voice.js';
import type { Leadership, RunLeaderGiven } from './leadership.js';
import type { RecordKeeper } from './record-keeper.js';
import type { RunEnding } from './run-ending.js';
import { unloggedStart } from './run-entries.js';
import { StepRecorder } from './step-recorder.js';
import { TrainingWatch } from './training-watch.js';

/** What is known only when the rooms are there; asked once `begin` has been called. */
export interface LeadershipHooks {
  readonly lead: () => Lead;
  readonly onRecorded: (reports: readonly StepReport[], trained: LoggedGeneration) => void;
  readonly ending: () => RunEnding;
}

export class OpenLeadership implements Leadership {
  readonly given: RunLeaderGiven;
  readonly records: RecordKeeper;
  readonly memory: ClusterMemory;
  readonly writer: LogWriter;
  readonly voice: LeadVoice;
  readonly plans: PlanPublisher;
  readonly steps: StepRecorder;
  readonly facts: FactRecorder;
  readonly watch: TrainingWatch;
  readonly stream: BusStream;
  readonly #hooks: LeadershipHooks;
  readonly #unlogged: Happening | null;
  now: Millis;
  ahead: RunState;
  stored: RunState;
  isUnrecorded = false;
  isClosed = false;

  constructor(
    given: RunLeaderGiven,
    records: RecordKeeper,
    record: GenerationRecord | null,
    stream: BusStream,
    hooks: LeadershipHooks,
  ) {
    const { parts, prepared, fence, log, last, now, onDeposed } = given;
    this.#hooks = hooks;
    this.given = given;
    this.records = records;
    this.stream = stream;
    this.now = now;
    this.#unlogged = unloggedStart(given.state, record);
    const state =
      this.#unlogged === null ? given.state : foldHappening(given.state, this.#unlogged);
    this.ahead = state;
    this.stored = given.state;
    this.watch = new TrainingWatch(now);
    const trained = lastTrained(state);
    this.memory = new ClusterMemory(
      now,
      record,
      trained && {
        generation: trained.generation,
        workers: trained.members.map(({ worker }) => worker),
      },
    );
    this.writer = new LogWriter({
      log,
      last,
      fence,
      time: parts.time,
      onStored: (entry) => this.#onStored(entry),
      onDeposed,
      onFailure: (error) => {
        this.isUnrecorded = true;
        this.failWith(error);
      },
    });
    this.voice = new LeadVoice(parts.bus, parts.run, () => hooks.lead());
    this.plans = new PlanPublisher({
      stream,
      run: parts.run,
      clock: parts.clock,
      metrics: parts.metrics,
      plans: prepared.plans,
      firstStep: state.recordedSteps,
      furthestSteps: state.furthestSteps,
      totalSteps: prepared.totalSteps ?? 0,
      maxPayload: parts.bus.maxPayload,
      fence,
      isFirst: state.fence === 0,
      usualStep: () => this.watch.usualStep,
      onFailure: (error) => this.failWith(error),
    });
    this.steps = new StepRecorder({
      fence,
      plans: this.plans,
      state: () => this.ahead,
      append: (entry) => this.append(entry),
      time: parts.time,
      secondsOf: () => this.watch.secondsSinceStep(this.now),
      onRecorded: (reports, trained) => hooks.onRecorded(reports, trained),
    });
    this.facts = new FactRecorder({
      state: () => this.ahead,
      append: (entry) => this.append(entry),
    });
  }

  /** Says in the log that it leads. */
  begin(): void {
    const { now, parts, prepared, fence, state } = this.given;
    if (state.hasTrained && state.end === null) {
      const since = millis(now - this.given.silentFor);
      this.watch.recovery.decided(now, {
        ...{ cause: 'leader', workers: [], planned: false, since, aborts: false },
      });
      this.watch.recovery.started(now);
    }
    this.append({
      kind: 'led',
      coordinator: parts.name,
      totalSteps: prepared.totalSteps ?? 0,
    });
    if (this.#unlogged !== null) this.append(this.#unlogged);
    const { paused } = this.ahead;
    if (paused !== null) {
      // Whoever resumes a run of which everyone was lost has not seen who paused it.
      const how = `"lockstep continue ${parts.run.job}" lets it go on`;
      this.notice(`the run is still paused, by ${paused.by}: ${how}`);
    }
    // How the execution before has ended is not said as the end of this one while the entry is on its way.
    if (state.end !== null) this.stored = this.ahead;
    parts.metrics.totalSteps.set(prepared.totalSteps ?? 0);
    parts.metrics.committedSteps.set(this.ahead.recordedSteps);
    parts.metrics.checkpointSteps.set(this.ahead.checkpoint?.committedSteps ?? 0);
    parts.metrics.leads(fence, this.memory.record);
    this.plans.begin();
  }

  get hasEnded(): boolean {
    return this.#hooks.ending().end !== null;
  }

  view(): ClusterView {
    const { hasTrained, stopping } = this.ahead;
    return this.memory.view({
      reportedSteps: this.steps.reportedSteps,
      hasTrained,
      stopping,
      stands: this.stands,
      fromSeed: this.given.parts.description.resume === null,
      longestStep: this.watch.longestStep,
    });
  }

  get stands(): boolean {
    const at = standsAt(this.ahead, this.steps.reportedSteps);
    return at !== null && this.ahead.hasTrained && this.ahead.recordedSteps >= at;
  }

  append(entry: Happening): number {
    const { entry: logged, sequence } = this.writer.append(entry);
    this.ahead = foldEntry(this.ahead, logged);
    return sequence;
  }

  notice(text: string): void {
    this.given.parts.log.warn({}, text);
    this.append({ kind: 'notice', text });
  }

  fail(code: string, message: string, worker: WorkerId | null): void {
    this.#hooks.ending().fail(code, message, worker);
  }

  failWith(error: Error): void {
    this.#hooks.ending().failWith(error);
  }

  close(): void {
    this.isClosed = true;
    this.writer.close();
    this.plans.close();
  }

  /** Removes what the run needs no more; its log stays. */
  async clean(): Promise<void> {
    const { filesPublisher, log } = this.given.parts;
    const removals = [
      () => this.given.log.retire(),
      () => this.stream.remove(),
      () => filesPublisher.remove(),
    ];
    // Each by itself: where somebody has removed the log, its plans must not lie in the way of the next one.
    for (const remove of removals) {
      await remove().catch((error: unknown) => {
        // The outcome stands; what is left on a server ages away by itself.
        log.warn({ code: codeOf(error) }, `left behind: ${(error as Error).message}`);
      });
    }
  }

  #onStored(logged: LogEntry): void {
    this.stored = foldEntry(this.stored, logged);
    const { entry } = logged;
    const { metrics } = this.given.parts;
    switch (entry.kind) {
      case 'committed':
        metrics.committed(entry.report);
        metrics.stepSeconds.observe(entry.seconds);
        this.plans.committed(entry.report.step + 1);
        break;
      case 'checkpointed':
        metrics.checkpointed(entry.committedSteps, entry.seconds, logged.time);
        this.plans.checkpointed(entry.committedSteps);
        break;
      case 'validated':
      case 'evaluated':
        metrics.evaluated(entry.results);
        break;
      case 'recovered':
        metrics.recovered(entry);
        break;
      case 'rolled-back':
        metrics.rollbacks.inc();
        break;
      case 'finished':
      case 'failed':
        this.voice.changed();
        break;
      default:
        break;
    }
    this.voice.aged();
  }
}
