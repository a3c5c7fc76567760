/**
 * The coordinator's shell: hears the workers, asks the pure decisions, acts on their answers. It
 * never looks at a clock of its own and starts no timer: `tick` is called from outside.
 */
import { type Bus, BusLostError, type BusStream } from '../shared/bus.js';
import type { Clock } from '../shared/clock.js';
import { codeOf } from '../shared/exit-codes.js';
import { type JobId, type Step, type WorkerId, workerId } from '../shared/ids.js';
import type { LanePlan } from '../shared/lane-plan.js';
import {
  heartbeatInterval,
  heartbeatTimeout,
  joinTimeout,
  startTimeout,
} from '../shared/limits.js';
import type { Log } from '../shared/log.js';
import {
  decodeFromWorker,
  encodeFromCoordinator,
  type FromCoordinator,
  type FromWorker,
  type Membership,
  type ReportedMetrics,
} from '../shared/messages.js';
import { MalformedMessageError } from '../shared/messages-guard.js';
import type { RunEvent, RunResult } from '../shared/messages-run.js';
import {
  coordinatorSubject,
  everyPlanSubject,
  everyWorkerSubject,
  planStream,
} from '../shared/subjects.js';
import { type Millis, millis } from '../shared/units.js';
import { CommitTracker } from './commit-tracker.js';
import type { DatasetPublisher } from './dataset-publisher.js';
import { findSilent } from './failure-detection.js';
import { decideMembership, type Seen } from './membership.js';
import type { CoordinatorMetrics } from './metrics.js';
import { PlanPublisher } from './plan-publisher.js';
import { decideResult, type Finished } from './verdict.js';

export interface CoordinatorParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: CoordinatorMetrics;
  readonly datasetPublisher: DatasetPublisher;
  readonly emit: (event: RunEvent) => void;
  readonly job: JobId;
  /** Sent to the workers as it is; they parse it like any spec. */
  readonly spec: unknown;
  readonly dataset: { readonly directory: string; readonly digest: string };
  readonly replicas: number;
  /** Secret of this run's links. */
  readonly linksToken: string;
  readonly checkpointDirectory: string;
  /** Committed steps at which training ends; null evaluates the checkpoint and trains nothing. */
  readonly totalSteps: number | null;
  readonly evaluate: boolean;
  readonly plansOf: (step: Step) => readonly LanePlan[];
}

export type Outcome =
  | { readonly kind: 'finished'; readonly result: RunResult }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** What is known while members train. */
interface Training {
  readonly membership: Membership;
  readonly members: readonly WorkerId[];
  readonly firstStep: number;
  readonly commits: CommitTracker;
  readonly plans: PlanPublisher;
  readonly heartbeats: Map<WorkerId, Millis>;
  readonly ready: Set<WorkerId>;
  readonly finished: Map<WorkerId, Finished>;
  readonly metrics: Map<WorkerId, readonly ReportedMetrics[]>;
  readonly startDeadline: Millis;
}

type Phase =
  | { readonly kind: 'waiting'; reason: string }
  | { readonly kind: 'training'; readonly training: Training }
  | { readonly kind: 'over' };

export class Coordinator {
  readonly #parts: CoordinatorParts;
  readonly #joined = new Map<WorkerId, Seen>();
  readonly #joinDeadline: Millis;
  readonly outcome: Promise<Outcome>;
  #settle: (outcome: Outcome) => void = () => undefined;
  #phase: Phase = { kind: 'waiting', reason: '' };
  #stream: BusStream | null = null;
  #heartbeatAt: Millis;
  #committedAt: Millis;
  #stopping = false;

  constructor(parts: CoordinatorParts) {
    this.#parts = parts;
    const now = parts.clock.now();
    this.#heartbeatAt = now;
    this.#committedAt = now;
    this.#joinDeadline = millis(now + joinTimeout);
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Null while the job is on its way. */
  get unhealthy(): string | null {
    return this.#phase.kind === 'over' ? 'the run is over' : null;
  }

  /** Opens the stream and begins to listen. */
  async start(): Promise<void> {
    const { bus, job } = this.#parts;
    this.#stream = await bus.createStream(planStream(job), everyPlanSubject(job));
    bus.subscribe(everyWorkerSubject(job), (data, subject) => this.#receive(data, subject));
    await bus.flush();
    void bus.closed.then((lost) => {
      if (lost !== null) this.fail('BUS_LOST', lost.message, null);
    });
    this.#say({ kind: 'heartbeat', committedSteps: 0 });
  }

  /** Members finish the step they are in, write a checkpoint and end. */
  stop(): void {
    this.#stopping = true;
    if (this.#phase.kind === 'waiting') {
      this.fail('STOPPED', 'stopped before training began', null);
    } else {
      this.#say({ kind: 'stop' });
    }
  }

  /** Looks at the clock: sends heartbeats, forms the membership, notices who is silent. */
  tick(): void {
    const now = this.#parts.clock.now();
    if (this.#phase.kind === 'over') return;
    if (now - this.#heartbeatAt >= heartbeatInterval) {
      this.#heartbeatAt = now;
      const committedSteps = this.#committedSteps;
      this.#say({ kind: 'heartbeat', committedSteps });
      // Said again with every heartbeat: a stop that one member missed would leave it behind.
      if (this.#stopping) this.#say({ kind: 'stop' });
    }
    if (this.#phase.kind === 'waiting') this.#tryToForm(now, this.#phase);
    else if (this.#phase.kind === 'training') this.#watch(now, this.#phase.training);
  }

  /** Ends the run: tells the workers to give up, and whoever waits for the outcome. */
  fail(code: string, message: string, worker: string | null): void {
    if (this.#phase.kind === 'over') return;
    const committedSteps = this.#committedSteps;
    this.#end();
    this.#parts.log.error({ code, worker, committedSteps }, message);
    this.#say({ kind: 'abort', reason: message });
    this.#parts.emit({ kind: 'failed', code, message, worker, committedSteps });
    this.#settle({ kind: 'failed', code, message });
  }

  /** Removes what the run left on the bus. */
  async close(): Promise<void> {
    this.#end();
    try {
      await this.#stream?.remove();
      await this.#parts.datasetPublisher.remove();
    } catch (error) {
      // The outcome stands; what is left on a server ages away by itself.
      this.#parts.log.warn({ code: codeOf(error) }, `left behind: ${(error as Error).message}`);
    }
  }

  get #committedSteps(): number {
    return this.#phase.kind === 'training' ? this.#phase.training.commits.committedSteps : 0;
  }

  #end(): void {
    if (this.#phase.kind === 'training') this.#phase.training.plans.close();
    this.#phase = { kind: 'over' };
  }

  #say(message: FromCoordinator): void {
    try {
      this.#parts.bus.publish(coordinatorSubject(this.#parts.job), encodeFromCoordinator(message));
    } catch (error) {
      // A lost bus is told by `closed`, once; everything else is a defect.
      if (!(error instanceof BusLostError)) throw error;
    }
  }

  #tryToForm(now: Millis, phase: { reason: string }): void {
    const decision = decideMembership(now, this.#joined, {
      replicas: this.#parts.replicas,
      heartbeatTimeout,
      joinDeadline: this.#joinDeadline,
    });
    if (decision.kind === 'give-up') {
      this.fail('MEMBERSHIP', `Cannot form the membership: ${decision.reason}`, null);
    } else if (decision.kind === 'form') {
      this.#form(now, decision.members, decision.resumeFrom);
    } else if (decision.reason !== phase.reason) {
      phase.reason = decision.reason;
      this.#parts.emit({ kind: 'waiting', reason: decision.reason });
    }
  }

  #form(
    now: Millis,
    chosen: readonly { readonly worker: WorkerId; readonly address: string }[],
    resumeFrom: { readonly path: string; readonly committedSteps: number } | null,
  ): void {
    const { job, metrics, bus, clock, plansOf, spec, dataset } = this.#parts;
    const stream = this.#stream;
    if (stream === null) return;
    const firstStep = resumeFrom?.committedSteps ?? 0;
    const totalSteps = this.#parts.totalSteps ?? firstStep;
    if (this.#parts.totalSteps === null && resumeFrom === null) {
      this.fail('CHECKPOINT_MISSING', 'Cannot evaluate: no complete checkpoint was found', null);
      return;
    }
    const members = chosen.map(({ worker }) => worker);
    const plans = new PlanPublisher({
      stream,
      job,
      clock,
      metrics,
      plansOf,
      firstStep,
      totalSteps,
      maxPayload: bus.maxPayload,
      onFailure: (error) => this.#failWith(error, null),
    });
    const training: Training = {
      membership: {
        kind: 'membership',
        generation: 0,
        members: [...chosen],
        job: spec,
        linksToken: this.#parts.linksToken,
        dataset,
        checkpointDirectory: this.#parts.checkpointDirectory,
        resumeFrom: resumeFrom?.path ?? null,
        totalSteps,
        evaluate: this.#parts.evaluate,
      },
      members,
      firstStep,
      commits: new CommitTracker(members, firstStep),
      plans,
      heartbeats: new Map(members.map((member) => [member, now])),
      ready: new Set(),
      finished: new Map(),
      metrics: new Map(),
      startDeadline: millis(now + startTimeout),
    };
    this.#phase = { kind: 'training', training };
    metrics.members.set(members.length);
    metrics.totalSteps.set(totalSteps);
    metrics.committedSteps.set(firstStep);
    plans.pump();
    this.#say(training.membership);
    this.#parts.log.info({ members, firstStep, totalSteps, resumeFrom }, 'membership formed');
  }

  #watch(now: Millis, training: Training): void {
    const liveness = findSilent(now, training.heartbeats, heartbeatTimeout);
    if (liveness.kind === 'silent') {
      const { worker, silentFor } = liveness;
      const message = `${worker} was silent for ${Math.round(silentFor)} ms: it is frozen or gone`;
      this.fail('MEMBER_LOST', message, worker);
      return;
    }
    const missing = training.members.filter((member) => !training.ready.has(member));
    if (missing.length > 0 && now >= training.startDeadline) {
      this.fail(
        'START_TIMEOUT',
        `${missing.join(', ')} did not become ready in time`,
        missing[0] ?? null,
      );
    }
  }

  #receive(data: Uint8Array, subject: string): void {
    try {
      const message = decodeFromWorker(data);
      this.#handle(workerId(subject.slice(subject.lastIndexOf('.') + 1)), message);
    } catch (error) {
      if (error instanceof MalformedMessageError) {
        this.#parts.metrics.refused.inc({ reason: error.reason });
        this.#parts.log.warn({ subject, reason: error.reason }, error.message);
      } else {
        this.#failWith(error as Error, null);
      }
    }
  }

  #failWith(error: Error, worker: WorkerId | null): void {
    const code = codeOf(error);
    this.fail(code, error.message, worker);
    if (code === 'INTERNAL') this.#parts.log.error({ stack: error.stack }, 'unexpected error');
  }

  #handle(worker: WorkerId, message: FromWorker): void {
    const now = this.#parts.clock.now();
    const phase = this.#phase;
    if (phase.kind === 'over') return;
    if (message.kind === 'dataset-wanted') {
      this.#publishDataset();
      return;
    }
    if (phase.kind === 'waiting') {
      this.#hearJoining(worker, message, now);
      return;
    }
    const { training } = phase;
    if (!training.heartbeats.has(worker)) {
      this.#parts.metrics.refused.inc({ reason: 'stranger' });
      return;
    }
    training.heartbeats.set(worker, now);
    this.#handleMember(worker, message, training);
  }

  #hearJoining(worker: WorkerId, message: FromWorker, now: Millis): void {
    if (message.kind === 'join') {
      const { address, checkpoint } = message;
      if (!this.#joined.has(worker)) this.#parts.log.info({ worker, address }, 'worker joined');
      this.#joined.set(worker, { address, checkpoint, heartbeatAt: now });
    } else if (message.kind === 'failed') {
      this.fail(message.code, message.message, worker);
    }
  }

  #handleMember(worker: WorkerId, message: FromWorker, training: Training): void {
    switch (message.kind) {
      case 'join':
        // It has not heard the membership yet.
        this.#say(training.membership);
        return;
      case 'ready':
        this.#becomeReady(worker, message.step, training);
        return;
      case 'committed':
        for (const report of training.commits.record(worker, message.report)) {
          this.#commit(report, training);
        }
        return;
      case 'checkpointed':
        this.#parts.metrics.checkpointSteps.set(message.committedSteps);
        this.#parts.metrics.checkpointSeconds.observe(message.seconds);
        training.plans.checkpointed(message.committedSteps);
        this.#parts.emit(message);
        return;
      case 'evaluating':
        if (worker === training.members[0]) this.#parts.emit(message);
        return;
      case 'evaluated':
        training.metrics.set(worker, message.results);
        return;
      case 'finished':
        training.finished.set(worker, message);
        this.#finish(training);
        return;
      case 'failed':
        this.#parts.log.error(
          { worker, code: message.code, stack: message.stack },
          message.message,
        );
        this.fail(message.code, message.message, worker);
        return;
      default:
        return;
    }
  }

  #becomeReady(worker: WorkerId, at: number, training: Training): void {
    if (at !== training.firstStep) {
      const message = `${worker} starts at step ${at}: all members must start at ${training.firstStep}`;
      this.fail('MEMBERS_DIFFER', message, worker);
      return;
    }
    training.ready.add(worker);
    if (training.ready.size < training.members.length) return;
    this.#committedAt = this.#parts.clock.now();
    this.#parts.emit({
      kind: 'started',
      members: training.members,
      firstStep: training.firstStep,
      totalSteps: training.membership.totalSteps,
      resumedFrom: training.membership.resumeFrom,
    });
  }

  #commit(report: Parameters<CoordinatorMetrics['committed']>[0], training: Training): void {
    const now = this.#parts.clock.now();
    this.#parts.metrics.committed(report);
    this.#parts.metrics.stepSeconds.observe((now - this.#committedAt) / 1000);
    this.#committedAt = now;
    training.plans.committed(report.step + 1);
    this.#parts.emit({ kind: 'committed', report });
  }

  #finish(training: Training): void {
    const result = decideResult(training.members, training.finished, training.metrics);
    if (result === null) return;
    this.#end();
    this.#parts.log.info({ ...result, metrics: undefined }, 'run finished');
    this.#say({ kind: 'complete' });
    this.#parts.emit({ kind: 'finished', result });
    this.#settle({ kind: 'finished', result });
  }

  #publishDataset(): void {
    const { datasetPublisher, dataset } = this.#parts;
    datasetPublisher.publish().then(
      (files) =>
        this.#say({ kind: 'dataset-published', digest: dataset.digest, files: [...files] }),
      (error: unknown) => this.#failWith(error as Error, null),
    );
  }
}
