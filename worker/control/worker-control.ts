/**
 * A worker's main thread: joins a job, learns its place in the membership, starts the training
 * thread, and carries messages between it and the coordinator. It computes nothing, so it is never
 * late: its heartbeats mean something.
 */
import { hostname } from 'node:os';
import type { MessagePort } from 'node:worker_threads';
import { digestIfWeights } from '../../pretrained/weight-files.js';
import { requireJob } from '../../process/read-job.js';
import { type Bus, BusLostError } from '../../shared/bus.js';
import type { Clock } from '../../shared/clock.js';
import { codeOf, type ExitCode, exitCodeOf, exitCodes } from '../../shared/exit-codes.js';
import { type Generation, generation, type Rank, rank, type WorkerId } from '../../shared/ids.js';
import { resolveJob, type TrainingJob } from '../../shared/job-spec/job-spec.js';
import {
  heartbeatInterval,
  heartbeatTimeout,
  joinTimeout,
  peerTimeout,
  startTimeout,
} from '../../shared/limits.js';
import type { Log } from '../../shared/log.js';
import { MalformedMessageError } from '../../shared/messages/guard.js';
import {
  decodeFromCoordinator,
  encodeFromWorker,
  type FromCoordinator,
  type FromWorker,
  failureText,
  type Membership,
} from '../../shared/messages/messages.js';
import type { PublishedFile } from '../../shared/messages/published-file.js';
import { Refusals } from '../../shared/messages/refusals.js';
import type { FoundCheckpoint } from '../../shared/messages/report-fields.js';
import type { RunEvent } from '../../shared/messages/run-events.js';
import { evenShares, lanesOf } from '../../shared/plan/lane-ownership.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { coordinatorSubject, planStream, workerSubject } from '../../shared/subjects.js';
import { type Millis, millis } from '../../shared/units.js';
import type { WorkerMetrics } from '../metrics.js';
import { noneIsPretrained, type PretrainedTowers } from '../model/pretrained/pretrained-towers.js';
import type { FromTraining } from '../training/messages.js';
import { findContent } from './content-source.js';
import { PlanReader } from './plan-reader.js';
import type { StartTraining, TrainingThread } from './training-thread.js';

/** What the main thread needs of the links: see worker/collective. */
export interface Links {
  /** `host:port` at which peers reach this worker. */
  readonly address: string;
  connect(request: {
    readonly rank: Rank;
    readonly addresses: readonly string[];
    readonly generation: Generation;
    /** How long a peer may be silent while training waits for it. */
    readonly deadline: Millis;
    /** How long the peers have to appear. */
    readonly connectDeadline: Millis;
    readonly token: string;
  }): Promise<MessagePort>;
}

export interface WorkerControlParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: WorkerMetrics;
  readonly links: Links;
  readonly startTraining: StartTraining;
  readonly run: RunAddress;
  /** Of the job that the run was started with; null where nobody said. */
  readonly jobDigest: string | null;
  readonly worker: WorkerId;
  readonly cacheDirectory: string;
  readonly digestOf: (directory: string, wanted: string) => Promise<string | null>;
  /** Tells the program that started this process. */
  readonly emit: (event: RunEvent) => void;
  /** The checkpoint to offer: the newest complete one, or the one that was asked for. */
  readonly checkpoint: FoundCheckpoint | null;
}

export interface WorkerEnd {
  readonly code: ExitCode;
  readonly reason: string;
}

type FindDigest = (path: string, wanted: string) => Promise<string | null>;

type Phase =
  | { readonly kind: 'joining' }
  | { readonly kind: 'starting'; readonly rank: Rank }
  | { readonly kind: 'training'; readonly rank: Rank; readonly thread: TrainingThread }
  /** Trained, waiting for the others' results. */
  | { readonly kind: 'finished'; readonly stopped: boolean; readonly thread: TrainingThread }
  /** It failed and said so; the coordinator will end the run. */
  | { readonly kind: 'failed'; readonly end: WorkerEnd; readonly until: Millis }
  | { readonly kind: 'over' };

/** How long a failed worker waits for the coordinator's word before it leaves by itself. */
const farewell = millis(1000);

export class WorkerControl {
  readonly #parts: WorkerControlParts;
  readonly #startedAt: Millis;
  readonly end: Promise<WorkerEnd>;
  #settle: (end: WorkerEnd) => void = () => undefined;
  #phase: Phase = { kind: 'joining' };
  #thread: TrainingThread | null = null;
  #plans: PlanReader | null = null;
  #committedSteps = 0;
  #coordinatorHeardAt: Millis | null = null;
  #spokenAt: Millis | null = null;
  #stopWanted = false;
  readonly #refusals = new Refusals();
  /** Who waits for files, by their digest. */
  readonly #onFiles = new Map<string, (files: readonly PublishedFile[]) => void>();

  constructor(parts: WorkerControlParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
    this.end = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get unhealthy(): string | null {
    return this.#phase.kind === 'failed' || this.#phase.kind === 'over' ? 'the run is over' : null;
  }

  async start(): Promise<void> {
    const { bus, run } = this.#parts;
    bus.subscribe(coordinatorSubject(run), (data) => this.#receive(data));
    await bus.flush();
    void bus.closed.then((lost) => {
      if (lost !== null) this.#lose(lost.code, lost.message);
    });
    this.tick();
  }

  /** Looks at the clock: sends signs of life, notices a dead coordinator. */
  tick(): void {
    const now = this.#parts.clock.now();
    if (this.#phase.kind === 'over') return;
    if (this.#phase.kind === 'failed' && now >= this.#phase.until) {
      this.#finish(this.#phase.end);
      return;
    }
    const heard = this.#coordinatorHeardAt;
    const silentFor = now - (heard ?? this.#startedAt);
    if (silentFor >= (heard === null ? joinTimeout : heartbeatTimeout)) {
      const reason = `the coordinator was silent for ${Math.round(silentFor)} ms`;
      this.#lose('COORDINATOR_LOST', reason);
      return;
    }
    if (this.#spokenAt === null || now - this.#spokenAt >= heartbeatInterval) {
      this.#spokenAt = now;
      this.#say(this.#signOfLife());
    }
  }

  /** Asks training to finish its step, write a checkpoint and end; the wish reaches all members. */
  stop(): void {
    this.#stopWanted = true;
    this.#thread?.post({ kind: 'stop' });
  }

  /** Gives up at once. */
  abort(reason: string): void {
    if (this.#phase.kind === 'over') return;
    // Said to the parent, which is not the only one who can tell a process to end.
    this.#tellParent('ABORTED', `${this.#parts.worker} was told to end at once: ${reason}`);
    this.#finish({ code: exitCodes.lost, reason });
  }

  /** A peer's links are gone. While training runs, it says so itself, with the step. */
  peerLost(error: Error): void {
    if (this.#phase.kind === 'finished' || this.#phase.kind === 'over') return;
    this.#fail(codeOf(error), error);
  }

  /** Ends the training thread; false where native code would not return. */
  async close(withinMs: number): Promise<boolean> {
    this.#plans?.close();
    return (await this.#thread?.terminate(withinMs)) ?? true;
  }

  #signOfLife(): FromWorker {
    if (this.#phase.kind !== 'joining') {
      return { kind: 'heartbeat', committedSteps: this.#committedSteps };
    }
    const { links, checkpoint } = this.#parts;
    const { address } = links;
    return { kind: 'join', address, pid: process.pid, host: hostname(), checkpoint };
  }

  #say(message: FromWorker): void {
    const { bus, run, worker } = this.#parts;
    try {
      bus.publish(workerSubject(run, worker), encodeFromWorker(message));
    } catch (error) {
      // A lost bus is told by `closed`, once; everything else is a defect.
      if (!(error instanceof BusLostError)) throw error;
    }
  }

  #receive(data: Uint8Array): void {
    try {
      const message = decodeFromCoordinator(data);
      this.#coordinatorHeardAt = this.#parts.clock.now();
      this.#hear(message);
    } catch (error) {
      if (error instanceof MalformedMessageError) this.#refuse(error, 'the coordinator');
      else this.#fail(codeOf(error), error as Error);
    }
  }

  #refuse(error: MalformedMessageError, from: string): void {
    const { reason } = error;
    this.#parts.metrics.refused.inc({ reason });
    const count = this.#refusals.take(reason);
    if (count !== null) this.#parts.log.warn({ from, reason, count }, error.message);
  }

  #hear(message: FromCoordinator): void {
    switch (message.kind) {
      case 'membership': {
        const mine = message.members.findIndex(({ worker }) => worker === this.#parts.worker);
        if (this.#phase.kind !== 'joining' || mine < 0) return;
        this.#phase = { kind: 'starting', rank: rank(mine) };
        this.#begin(message, rank(mine)).catch((error: unknown) =>
          this.#fail(codeOf(error), error as Error),
        );
        return;
      }
      case 'files-published':
        this.#onFiles.get(message.digest)?.(message.files);
        return;
      case 'stop':
        if (!this.#stopWanted) this.stop();
        return;
      case 'abort':
        this.#parts.log.warn({}, `aborted by the coordinator: ${message.reason}`);
        if (this.#phase.kind === 'failed') this.#finish(this.#phase.end);
        else this.abort(`by the coordinator, or in its name: ${message.reason}`);
        return;
      case 'complete': {
        const stopped = this.#phase.kind === 'finished' && this.#phase.stopped;
        this.#finish({ code: stopped ? exitCodes.stopped : exitCodes.success, reason: 'complete' });
        return;
      }
      default:
        return;
    }
  }

  async #begin(membership: Membership, mine: Rank): Promise<void> {
    const { bus, digestOf, jobDigest, links, log, metrics, run } = this.#parts;
    const spec = resolveJob(membership.job);
    requireJob(spec, jobDigest, 'the membership');
    const { members } = membership;
    metrics.build(spec.spec.engine.name);
    const datasetDirectory = await this.#find(digestOf, membership.dataset);
    const pretrained = await this.#findPretrained(spec, membership.resumeFrom);
    log.info({ rank: mine, members: members.length, datasetDirectory }, 'membership received');
    const port =
      members.length === 1
        ? null
        : await links.connect({
            rank: mine,
            addresses: members.map(({ address }) => address),
            generation: generation(membership.generation),
            deadline: peerTimeout,
            connectDeadline: startTimeout,
            token: membership.linksToken,
          });
    if (this.#phase.kind !== 'starting') return;
    const shares = evenShares(members.length, spec.spec.lanes);
    const thread = this.#startThread({
      job: spec,
      datasetDirectory,
      cacheDirectory: this.#parts.cacheDirectory,
      checkpointDirectory: membership.checkpointDirectory,
      pretrained,
      totalSteps: membership.totalSteps,
      evaluate: membership.evaluate,
    });
    const { resumeFrom: path } = membership;
    const from = path === null ? { kind: 'seed' as const } : { kind: 'checkpoint' as const, path };
    thread.post({ kind: 'load', from });
    thread.post({
      kind: 'enter',
      generation: generation(membership.generation),
      rank: mine,
      shares: shares.counts,
      links: port,
      writes: mine === 0,
    });
    this.#phase = { kind: 'training', rank: mine, thread };
    const stream = await bus.openStream(planStream(run));
    this.#plans = new PlanReader({
      run,
      lanes: lanesOf(shares.run(mine)),
      laneCount: spec.spec.lanes,
      onPlan: (plan) => {
        metrics.plansReceived.inc();
        thread.post({ kind: 'plan', plan });
      },
      onRefused: (error, subject) => this.#refuse(error, subject),
      onMismatch: (error) => this.#fail(error.code, error),
    });
    await this.#plans.begin(stream);
  }

  #startThread(start: Parameters<StartTraining>[0]): TrainingThread {
    const thread = this.#parts.startTraining(start, {
      onMessage: (message) => this.#hearTraining(message),
      onCrash: (error) => this.#fail('TRAINING_THREAD', error),
    });
    this.#thread = thread;
    if (this.#stopWanted) thread.post({ kind: 'stop' });
    return thread;
  }

  #find(digestOf: FindDigest, wanted: { directory: string; digest: string }): Promise<string> {
    const { bus, cacheDirectory, run } = this.#parts;
    const requestFiles = (digest: string): Promise<readonly PublishedFile[]> =>
      new Promise((resolve) => {
        this.#onFiles.set(digest, resolve);
        this.#say({ kind: 'files-wanted', digest });
      });
    return findContent({ bus, run, cacheDirectory, digestOf, requestFiles }, wanted);
  }

  /** A checkpoint, or the weights of another run, hold all that these would give. */
  async #findPretrained(
    { spec }: TrainingJob,
    resumeFrom: string | null,
  ): Promise<PretrainedTowers> {
    if (resumeFrom !== null || spec.init !== undefined) return noneIsPretrained;
    const find = async (tower: 'item' | 'user'): Promise<string | null> => {
      const { pretrained } = spec.model[tower];
      if (pretrained === undefined) return null;
      const { path: directory, sha256: digest = '' } = pretrained;
      return this.#find(digestIfWeights, { directory, digest });
    };
    // One after the other: where both are the same weights, the second finds what the first fetched.
    const item = await find('item');
    return { item, user: await find('user') };
  }

  #hearTraining(message: FromTraining): void {
    if (this.#phase.kind !== 'training') return;
    const { metrics } = this.#parts;
    switch (message.kind) {
      case 'committed':
        this.#committedSteps = message.report.step + 1;
        metrics.committed(message.report);
        break;
      case 'checkpointed':
        metrics.checkpointSeconds.set(message.seconds);
        break;
      case 'finished':
        this.#phase = { kind: 'finished', stopped: message.stopped, thread: this.#phase.thread };
        break;
      case 'notice':
        this.#parts.emit({ kind: message.kind, text: message.text });
        return;
      case 'left':
        // There is no other generation that it could enter.
        if (message.error !== null) this.#fail(message.error.code, message.error);
        return;
      case 'failed':
        this.#fail(message.code, { message: message.message, stack: message.stack });
        return;
      default:
        break;
    }
    const report = this.#asReport(message);
    if (report !== null) this.#say(report);
    if (message.kind === 'committed') this.#plans?.committed(this.#committedSteps);
  }

  /**
   * The same facts as a bus message; the types are kept apart so that each side can check its own. Null
   * for what nobody else needs to know.
   */
  #asReport(message: FromTraining): FromWorker | null {
    switch (message.kind) {
      case 'entered':
        return { kind: 'ready', step: message.position.committedSteps };
      case 'committed': {
        const { report } = message;
        const planSha256 = this.#plans?.digestOf(report.step) ?? null;
        if (planSha256 === null) throw new Error(`Step ${report.step} was trained without a plan`);
        return { kind: 'committed', report: { ...report }, planSha256 };
      }
      case 'validated': {
        const { generation: _, ...fact } = message;
        return { ...fact, results: message.results.map((result) => ({ ...result })) };
      }
      case 'evaluated':
        return { kind: 'evaluated', results: message.results.map((result) => ({ ...result })) };
      case 'rolled-back': {
        const { generation: _, collapses: __, ...fact } = message;
        return fact;
      }
      case 'checkpointed':
      case 'evaluating':
      case 'encoding':
      case 'finished': {
        const { generation: _, ...fact } = message;
        return fact;
      }
      default:
        return null;
    }
  }

  #fail(code: string, error: { message: string; stack?: string | undefined }): void {
    if (this.#phase.kind === 'failed' || this.#phase.kind === 'over') return;
    const { clock, log } = this.#parts;
    const end = { code: exitCodeOf(code), reason: error.message };
    this.#phase = { kind: 'failed', end, until: millis(clock.now() + farewell) };
    log.error({ code, stack: error.stack }, error.message);
    this.#tellParent(code, error.message);
    this.#say({
      kind: 'failed',
      code: code.slice(0, 64),
      message: failureText(error.message),
      stack: failureText(error.stack ?? ''),
      committedSteps: this.#committedSteps,
    });
  }

  /** Nobody is left who could be told but the parent. */
  #lose(code: string, reason: string): void {
    if (this.#phase.kind === 'over') return;
    this.#parts.log.error({ code }, reason);
    this.#tellParent(code, reason);
    this.#finish({ code: exitCodes.lost, reason });
  }

  #tellParent(code: string, message: string): void {
    const committedSteps = this.#committedSteps;
    this.#parts.emit({ kind: 'failed', code, message, worker: this.#parts.worker, committedSteps });
  }

  #finish(end: WorkerEnd): void {
    if (this.#phase.kind === 'over') return;
    this.#phase = { kind: 'over' };
    this.#settle(end);
  }
}
