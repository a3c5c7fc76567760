/**
 * The training thread as the worker's shell has it: orders go in, what it says comes out as events and
 * facts, and the plans of its lanes go to it.
 */
import type { MessagePort } from 'node:worker_threads';
import { codeOf } from '../../../shared/exit-codes.js';
import { generation as generationOf, type Rank, type Step } from '../../../shared/ids.js';
import type { GenerationRecord } from '../../../shared/membership/generation-record.js';
import type { Position } from '../../../shared/membership/position.js';
import type { WorkerProgress, WorkerReport } from '../../../shared/messages/cluster/from-worker.js';
import type { MalformedMessageError } from '../../../shared/messages/guard.js';
import type { FoundCheckpoint } from '../../../shared/messages/report-fields.js';
import { type LaneRun, lanesOf, sharesOf } from '../../../shared/plan/lane-ownership.js';
import type { RunAddress } from '../../../shared/run/run-id.js';
import type { Fact, FromTraining, StateSource, ToTraining } from '../../training/messages.js';
import type { Action, WorkerEvent } from '../situation/worker-event.js';
import { LinkWatch } from './link-watch.js';
import { PlanFeed } from './plan-feed.js';
import { isProgress, progressOf, reportOf } from './report-of.js';
import { Speed } from './speed.js';
import { StateCopy } from './state-copy.js';
import { ThreadWatch } from './thread-watch.js';
import type { PreparedRun, TrainingHost, WorkerControlParts } from './worker-parts.js';

export interface TrainingSideParts
  extends Pick<
    WorkerControlParts,
    'bus' | 'clock' | 'incarnation' | 'links' | 'log' | 'metrics' | 'openTraining' | 'worker'
  > {
  readonly run: RunAddress;
  readonly prepared: PreparedRun;
  readonly hear: (event: WorkerEvent) => void;
  readonly report: (generation: number, report: WorkerReport) => void;
  readonly progress: (progress: WorkerProgress) => void;
  readonly onRefused: (error: MalformedMessageError, subject: string) => void;
  readonly onFailure: (code: string, error: { message: string; stack?: string }) => void;
  readonly onCheckpoint: (checkpoint: FoundCheckpoint) => void;
}

export class TrainingSide {
  readonly #parts: TrainingSideParts;
  readonly #thread: TrainingHost;
  readonly #feed: PlanFeed;
  readonly #copy: StateCopy;
  readonly #speed = new Speed();
  readonly #watch = new ThreadWatch();
  readonly #links: LinkWatch;
  /** Left, and not yet readable. */
  #left: Extract<FromTraining, { kind: 'left' }> | null = null;
  #position: Position | null = null;
  #run: LaneRun = { start: 0, end: 0 };

  constructor(parts: TrainingSideParts) {
    this.#parts = parts;
    const { bus, hear, links, metrics, onFailure, onRefused, prepared, run } = parts;
    this.#links = new LinkWatch(links, () => parts.clock.now());
    metrics.build(prepared.job.spec.engine.name);
    this.#thread = parts.openTraining(prepared.start, {
      onMessage: (message) => this.#hear(message),
      onCrash: (error) => onFailure('TRAINING_THREAD', error),
    });
    this.#copy = new StateCopy({ links, hear, post: (message) => this.#post(message) });
    this.#feed = new PlanFeed({
      ...{ bus, run, onRefused },
      laneCount: prepared.job.spec.lanes,
      onPlan: (plan) => {
        metrics.plansReceived.inc();
        this.#post({ kind: 'plan', plan });
      },
      onMismatch: (error) => onFailure(error.code, error),
      onAway: (error) => parts.log.debug({ code: codeOf(error) }, error.message),
    });
  }

  get lanesPerSecond(): number | null {
    return this.#speed.lanesPerSecond;
  }

  warmUp(committedSteps: number): void {
    this.#post({ kind: 'warm-up', committedSteps });
  }

  load(from: StateSource): void {
    this.#parts.links.serve(null);
    this.#copy.forget();
    this.#post({ kind: 'load', from });
  }

  copy(action: Extract<Action, { kind: 'copy' }>): void {
    this.#parts.links.serve(null);
    this.#copy.begin(action);
  }

  cancelCopy(copy: number): void {
    this.#copy.cancel(copy);
  }

  /** The lanes of a generation that is planned are read ahead of it, from this step on. */
  prepare({ members }: GenerationRecord, rank: Rank, committedSteps: number): void {
    const run = sharesOf(members.map(({ lanes }) => lanes)).run(rank);
    this.#feed.prepare(lanesOf(run), committedSteps);
  }

  /** Its state will be copied from this member. */
  prepareCopy(address: string): void {
    this.#copy.prepare(address);
  }

  /** Nothing is planned any more. */
  forgetPlanned(): void {
    this.#feed.forget();
    this.#copy.forget();
  }

  enter(
    { generation, members, writer }: GenerationRecord,
    rank: Rank,
    links: MessagePort | null,
    { committedSteps }: Position,
  ): void {
    this.#parts.links.serve(null);
    this.#copy.forget();
    const shares = members.map(({ lanes }) => lanes);
    this.#run = sharesOf(shares).run(rank);
    const writes = writer === this.#parts.worker;
    this.#links.enter(links === null ? null : generation);
    this.#post({ kind: 'enter', generation, rank, shares, links, writes });
    this.#feed.open(lanesOf(this.#run), committedSteps);
  }

  change(generation: number): void {
    this.#post({ kind: 'change', generation: generationOf(generation) });
  }

  abort(generation: number, reason: string): void {
    this.#thread.abort(generationOf(generation), reason);
  }

  stop(): void {
    this.#post({ kind: 'stop' });
  }

  tellPause(paused: boolean): void {
    this.#post({ kind: 'pause', paused });
  }

  writeCheckpoint(steps: number): void {
    this.#post({ kind: 'checkpoint', steps });
  }

  save(): void {
    this.#post({ kind: 'save' });
  }

  /** While facts find no room, training gets nothing more to do. */
  hold(isHeld: boolean): void {
    this.#feed.hold(isHeld);
  }

  /** What is to be told about the thread; null where nothing is. */
  tick(): string | null {
    this.#feed.tick();
    this.#links.tick();
    return this.#watch.look(this.#thread.busyFor());
  }

  close(withinMs: number): Promise<boolean> {
    this.#feed.close();
    return this.#thread.terminate(withinMs);
  }

  #post(message: ToTraining): void {
    this.#thread.post(message);
  }

  #hear(message: FromTraining) {
    const { hear, log, onFailure } = this.#parts;
    switch (message.kind) {
      case 'opened':
        return hear({ kind: 'opened' });
      case 'warmed': {
        const { problem, seconds } = message;
        log.info({ seconds, problem }, problem === null ? 'warmed up' : 'not warmed up');
        return hear({ kind: 'warmed' });
      }
      case 'copying':
        return this.#copy.room(message);
      case 'holds':
        return this.#holds(message);
      case 'entered':
        return this.#move(message.position);
      case 'left':
        this.#feed.close();
        if (message.how === 'lost') return this.#loses(message);
        this.#left = message;
        if (message.how === 'trouble') log.warn({ ...message.error }, 'its exchange failed');
        return;
      case 'failed':
        return onFailure(message.code, message);
      case 'saved':
        return hear({ kind: 'saved', isWritten: message.isWritten });
      case 'snapshot':
        return;
      default: {
        const { generation, ...fact } = message;
        return this.#hearFact(fact as Fact, generation);
      }
    }
  }

  /** A position is told once the state that stands there can be read. */
  #holds(state: Extract<FromTraining, { kind: 'holds' }>): void {
    const { hear, links } = this.#parts;
    const { position } = state;
    const left = this.#left;
    this.#left = null;
    this.#position = position;
    links.serve(state);
    if (left !== null) {
      const { generation, how } = left;
      hear({ kind: 'left', generation, position, planned: how === 'change' });
    }
    if (left === null && !this.#copy.holds(position)) hear({ kind: 'loaded', position });
  }

  /** It has left its generation without the state that it held. */
  #loses({ error, generation }: Extract<FromTraining, { kind: 'left' }>): void {
    const { hear, links, log } = this.#parts;
    log.warn({ ...error }, 'gives up its state');
    this.#position = null;
    links.serve(null);
    hear({ kind: 'left', generation, position: null });
  }

  #move(position: Position): void {
    this.#position = position;
    this.#parts.hear({ kind: 'moved', position });
  }

  #hearFact(fact: Fact, generation: number) {
    const { incarnation, metrics, progress, report } = this.#parts;
    if (isProgress(fact)) return progress(progressOf(fact, incarnation, generation));
    const carried = fact.kind === 'committed' ? this.#links.take(generation) : null;
    report(generation, reportOf(fact, this.#planOf(fact), this.#run, carried));
    switch (fact.kind) {
      case 'committed': {
        const committedSteps = fact.report.step + 1;
        metrics.committed(fact.report);
        this.#speed.committed(fact.report, this.#run.end - this.#run.start);
        metrics.lanesPerSecond.set(this.#speed.lanesPerSecond ?? 0);
        this.#feed.committed(committedSteps);
        const collapses = this.#position?.collapses ?? 0;
        return this.#move({ committedSteps, collapses, settled: false });
      }
      case 'rolled-back': {
        const { committedSteps, collapses } = fact;
        return this.#move({ committedSteps, collapses, settled: false });
      }
      case 'checkpointed':
        metrics.checkpointSeconds.set(fact.seconds);
        return this.#parts.onCheckpoint({ path: fact.path, committedSteps: fact.committedSteps });
      case 'finished':
        return this.#parts.hear({ kind: 'finished', generation, stopped: fact.stopped });
    }
  }

  #planOf(fact: Fact): string | null {
    return fact.kind === 'committed' ? this.#feed.digestOf(fact.report.step as Step) : null;
  }
}
