/**
 * The coordinator's shell: hears the workers, asks the pure decisions, acts on their answers. It
 * never looks at a clock of its own and starts no timer: `tick` is called from outside.
 */
import { BusLostError, type BusStream } from '../shared/bus.js';
import { codeOf } from '../shared/exit-codes.js';
import { type WorkerId, workerId } from '../shared/ids.js';
import { heartbeatInterval, heartbeatTimeout, joinTimeout } from '../shared/limits.js';
import { MalformedMessageError } from '../shared/messages/guard.js';
import {
  decodeFromWorker,
  encodeFromCoordinator,
  type FromCoordinator,
  type FromWorker,
} from '../shared/messages/messages.js';
import { Refusals } from '../shared/messages/refusals.js';
import type { FoundCheckpoint } from '../shared/messages/report-fields.js';
import type { RunResult } from '../shared/messages/run-events.js';
import {
  coordinatorSubject,
  everyPlanSubject,
  everyWorkerSubject,
  planStream,
} from '../shared/subjects.js';
import { type Millis, millis } from '../shared/units.js';
import type { CoordinatorParts, Prepared } from './coordinator-parts.js';
import { decideMembership, type Member, type Seen } from './membership.js';
import { TrainingRun } from './training-run.js';

export type Outcome =
  | { readonly kind: 'finished'; readonly result: RunResult }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

type Phase =
  | { readonly kind: 'waiting'; reason: string }
  | { readonly kind: 'training'; readonly training: TrainingRun }
  | { readonly kind: 'over'; readonly how: string };

export class Coordinator {
  readonly #parts: CoordinatorParts;
  readonly #joined = new Map<WorkerId, Seen>();
  readonly #joinDeadline: Millis;
  readonly outcome: Promise<Outcome>;
  #settle: (outcome: Outcome) => void = () => undefined;
  #phase: Phase = { kind: 'waiting', reason: '' };
  #stream: BusStream | null = null;
  #prepared: Prepared | null = null;
  #heartbeatAt: Millis;
  #stopping = false;
  readonly #refusals = new Refusals();

  constructor(parts: CoordinatorParts) {
    this.#parts = parts;
    const now = parts.clock.now();
    this.#heartbeatAt = now;
    this.#joinDeadline = millis(now + joinTimeout);
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Null while the job is on its way. */
  get unhealthy(): string | null {
    const phase = this.#phase;
    if (phase.kind === 'over') return `the run is over: ${phase.how}`;
    return phase.kind === 'training' ? phase.training.unhealthy : null;
  }

  /** Opens the stream and begins to listen. */
  async start(): Promise<void> {
    const { bus, run } = this.#parts;
    this.#stream = await bus.createStream(planStream(run), everyPlanSubject(run));
    bus.subscribe(everyWorkerSubject(run), (data, subject) => this.#receive(data, subject));
    await bus.flush();
    void bus.closed.then((lost) => {
      if (lost !== null) this.fail('BUS_LOST', lost.message, null);
    });
    this.#say({ kind: 'heartbeat', committedSteps: 0 });
    this.#parts.prepared.then(
      (prepared) => this.#prepare(prepared),
      (error: unknown) => this.#failWith(error as Error),
    );
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
    else if (this.#phase.kind === 'training') this.#phase.training.watch(now);
  }

  /** Ends the run: tells the workers to give up, and whoever waits for the outcome. */
  fail(code: string, message: string, worker: string | null): void {
    if (this.#phase.kind === 'over') return;
    const committedSteps = this.#committedSteps;
    this.#end(`${code}: ${message}`);
    this.#parts.log.error({ code, worker, committedSteps }, message);
    this.#say({ kind: 'abort', reason: message });
    this.#parts.emit({ kind: 'failed', code, message, worker, committedSteps });
    this.#settle({ kind: 'failed', code, message });
  }

  /** Removes what the run left on the bus. */
  async close(): Promise<void> {
    this.#end('closed');
    try {
      await this.#stream?.remove();
      await this.#parts.filesPublisher.remove();
    } catch (error) {
      // The outcome stands; what is left on a server ages away by itself.
      this.#parts.log.warn({ code: codeOf(error) }, `left behind: ${(error as Error).message}`);
    }
  }

  get #committedSteps(): number {
    return this.#phase.kind === 'training' ? this.#phase.training.committedSteps : 0;
  }

  #end(how: string): void {
    if (this.#phase.kind === 'over') return;
    if (this.#phase.kind === 'training') this.#phase.training.close();
    this.#phase = { kind: 'over', how };
  }

  #say(message: FromCoordinator): void {
    try {
      this.#parts.bus.publish(coordinatorSubject(this.#parts.run), encodeFromCoordinator(message));
    } catch (error) {
      // A lost bus is told by `closed`, once; everything else is a defect.
      if (!(error instanceof BusLostError)) throw error;
    }
  }

  #prepare(prepared: Prepared): void {
    this.#prepared = prepared;
    const { dataset, totalSteps } = prepared;
    this.#parts.log.info({ dataset, totalSteps }, 'dataset opened');
  }

  #tryToForm(now: Millis, phase: { reason: string }): void {
    const decision = decideMembership(now, this.#joined, {
      replicas: this.#parts.replicas,
      heartbeatTimeout,
      joinDeadline: this.#joinDeadline,
    });
    if (decision.kind === 'give-up') {
      this.fail('MEMBERSHIP', `Cannot form the membership: ${decision.reason}`, null);
    } else if (decision.kind === 'wait') {
      this.#wait(phase, decision.reason);
    } else if (this.#prepared === null) {
      this.#wait(phase, 'the dataset is being opened');
    } else {
      this.#form(this.#prepared, decision.members, decision.resumeFrom);
    }
  }

  #wait(phase: { reason: string }, reason: string): void {
    if (reason === phase.reason) return;
    phase.reason = reason;
    this.#parts.emit({ kind: 'waiting', reason });
  }

  #form(prepared: Prepared, members: readonly Member[], resumeFrom: FoundCheckpoint | null): void {
    const stream = this.#stream;
    if (stream === null) return;
    if (this.#parts.checkpointRequired && resumeFrom === null) {
      const wish = prepared.totalSteps === null ? 'evaluate' : 'resume';
      const where = this.#parts.checkpointDirectory;
      this.fail('CHECKPOINT_MISSING', `Cannot ${wish}: ${where} has no usable checkpoint`, null);
      return;
    }
    const { totalSteps } = prepared;
    if (totalSteps !== null && resumeFrom !== null && resumeFrom.committedSteps > totalSteps) {
      const message =
        `Cannot resume: ${resumeFrom.path} has ${resumeFrom.committedSteps} committed steps: ` +
        `spec.duration ends at ${totalSteps}: it may grow, not shrink`;
      this.fail('DURATION_PASSED', message, null);
      return;
    }
    const training = new TrainingRun({
      parts: this.#parts,
      prepared,
      stream,
      members,
      resumeFrom,
      totalSteps: prepared.totalSteps ?? resumeFrom?.committedSteps ?? 0,
      say: (message) => this.#say(message),
      onFailure: (code, message, worker) => this.fail(code, message, worker),
      onError: (error) => this.#failWith(error),
      onResult: (result) => this.#finish(result),
    });
    this.#phase = { kind: 'training', training };
    training.begin();
  }

  #receive(data: Uint8Array, subject: string): void {
    try {
      const message = decodeFromWorker(data);
      this.#handle(workerId(subject.slice(subject.lastIndexOf('.') + 1)), message);
    } catch (error) {
      if (error instanceof MalformedMessageError) {
        this.#refuse(error.reason, subject, error.message);
      } else {
        this.#failWith(error as Error);
      }
    }
  }

  #failWith(error: Error): void {
    const code = codeOf(error);
    this.fail(code, error.message, null);
    if (code === 'INTERNAL') this.#parts.log.error({ stack: error.stack }, 'unexpected error');
  }

  #handle(worker: WorkerId, message: FromWorker): void {
    const phase = this.#phase;
    if (phase.kind === 'over') return;
    if (message.kind === 'files-wanted') {
      this.#publishFiles(worker, message.digest);
    } else if (phase.kind === 'waiting') {
      this.#hearJoining(worker, message);
    } else if (!phase.training.hear(worker, message)) {
      this.#refuse(
        'stranger',
        worker,
        `${worker} is no member of this run: it says ${message.kind}`,
      );
    }
  }

  #refuse(reason: string, from: string, message: string): void {
    this.#parts.metrics.refused.inc({ reason });
    const count = this.#refusals.take(reason);
    if (count !== null) this.#parts.log.warn({ from, reason, count }, message);
  }

  #hearJoining(worker: WorkerId, message: FromWorker): void {
    if (message.kind === 'join') {
      const { address, pid, host, checkpoint } = message;
      if (!this.#joined.has(worker)) this.#parts.log.info({ worker, address }, 'worker joined');
      const heartbeatAt = this.#parts.clock.now();
      this.#joined.set(worker, { address, pid, host, checkpoint, heartbeatAt });
    } else if (message.kind === 'failed') {
      this.fail(message.code, message.message, worker);
    }
  }

  #finish(result: RunResult): void {
    this.#end('finished');
    this.#parts.log.info({ ...result, metrics: undefined }, 'run finished');
    this.#say({ kind: 'complete' });
    this.#parts.emit({ kind: 'finished', result });
    this.#settle({ kind: 'finished', result });
  }

  #publishFiles(worker: WorkerId, digest: string): void {
    const publishing = this.#parts.filesPublisher.publish(digest);
    if (publishing === null) {
      this.#refuse('stranger', worker, `${worker} wants files of ${digest}, which the run has not`);
      return;
    }
    publishing.then(
      (files) => this.#say({ kind: 'files-published', digest, files: [...files] }),
      (error: unknown) => this.#failWith(error as Error),
    );
  }
}
