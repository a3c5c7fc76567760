/**
 * Keeps the stream filled a few steps ahead of training, and empties it behind. One loop does all of
 * it: it looks at the cursors, does the next thing, and sleeps where there is none. Looking and
 * falling asleep happen in one turn, so no commit can come between them and be missed.
 */
import { BusAwayError, type BusStream } from '../../shared/bus.js';
import type { Clock } from '../../shared/clock.js';
import { lane, type Step, step, type WorkerId } from '../../shared/ids.js';
import { planLead, plansKept } from '../../shared/limits.js';
import { splitMessage } from '../../shared/messages/parts.js';
import type { EncodedPart, EncodedPlan } from '../../shared/messages/step-plan-message.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import {
  type PlanPart,
  planMessageId,
  planSubject,
  stepPlansSubject,
} from '../../shared/subjects.js';
import type { Bytes, Millis } from '../../shared/units.js';
import type { CoordinatorMetrics } from '../metrics.js';
import { planRetryInterval } from './limits.js';
import type { PlanSource } from './plan-source.js';
import { planWindow, stepsAhead } from './plan-window.js';
import { PlanForgedError, type PublishedPlan, PublishedPlans } from './published-plans.js';

export interface PlanPublisherParts {
  readonly stream: BusStream;
  readonly run: RunAddress;
  readonly clock: Clock;
  readonly metrics: CoordinatorMetrics;
  readonly maxPayload: Bytes;
  readonly plans: PlanSource;
  readonly firstStep: number;
  /** As many were committed once, at least `firstStep`: from an older checkpoint some are trained again. */
  readonly furthestSteps: number;
  readonly totalSteps: number;
  /** Of the leader that publishes. */
  readonly fence: number;
  /** Nobody has led the run before. */
  readonly isFirst: boolean;
  /** Null where it is not known yet. */
  readonly usualStep: () => Millis | null;
  readonly onFailure: (error: Error) => void;
}

/** Room for the subject and the headers, which count towards the server's limit on some versions. */
const envelopeBytes = 1024;

export class PlanPublisher {
  readonly #parts: PlanPublisherParts;
  readonly #published = new PublishedPlans();
  #publishedSteps: number;
  #purgedSteps: number;
  #committedSteps: number;
  /** Nothing is published from this step on; null where nobody has paused the run. */
  #limit: number | null = null;
  /** Steps before this one may have been read by somebody. */
  #reach: number;
  #checkpointedSteps = 0;
  #restarts = 0;
  /** Answers were lost: what is repeated may be our own. */
  #wasAway = false;
  /** When the newest answer was lost that nobody has asked for again; null where none is. */
  #failedAt: Millis | null = null;
  #state: 'new' | 'running' | 'closed' = 'new';
  #wake: () => void = () => undefined;

  constructor(parts: PlanPublisherParts) {
    this.#parts = parts;
    this.#publishedSteps = parts.firstStep;
    this.#purgedSteps = parts.firstStep;
    this.#committedSteps = parts.firstStep;
    // A leader before this one was so far ahead at most.
    const before = parts.isFirst ? 0 : planLead;
    this.#reach = Math.min(parts.furthestSteps + before, parts.totalSteps);
  }

  /** Steps before this one are in the stream, or were. */
  get publishedSteps(): number {
    return this.#publishedSteps;
  }

  /** Steps before this one may be trained without any further word. */
  get reach(): number {
    return this.#reach;
  }

  /** Publishes nothing from this step on; null: as far as the job goes. */
  publishUpTo(limit: number | null): void {
    if (limit === this.#limit) return;
    this.#limit = limit;
    this.#wake();
  }

  begin(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    void this.#run();
  }

  committed(steps: number): void {
    this.#committedSteps = steps;
    this.#published.forget(steps);
    this.#wake();
  }

  checkpointed(steps: number): void {
    this.#checkpointedSteps = Math.max(this.#checkpointedSteps, steps);
    this.#wake();
  }

  /** Training goes on from another state than the last committed one: plans are needed from there. */
  restart(steps: number): void {
    this.#committedSteps = steps;
    this.#publishedSteps = steps;
    this.#purgedSteps = steps;
    this.#checkpointedSteps = steps;
    // What was published before lies there still, and is read again.
    this.#restarts++;
    this.#wake();
  }

  /** @throws PlanForgedError where the member trained on another plan than the published one. */
  check(worker: WorkerId, at: number, sha256: string): void {
    this.#published.check(worker, at, sha256);
  }

  /** Of a step that is published and not committed yet; null for another one. */
  planOf(at: number): PublishedPlan | null {
    return this.#published.planOf(at);
  }

  close(): void {
    this.#state = 'closed';
    this.#wake();
  }

  async #run(): Promise<void> {
    try {
      while (!this.#isClosed()) {
        const work = this.#work();
        if (work === null) await this.#sleep();
        else await this.#ride(work);
      }
    } catch (error) {
      // After the end of a run its stream goes away under what is still being stored.
      if (!this.#isClosed()) this.#parts.onFailure(error as Error);
    }
  }

  /** What failed because the bus is away is begun again when somebody wakes the loop. */
  async #ride(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (!(error instanceof BusAwayError)) throw error;
      this.#wasAway = true;
      this.#failedAt = this.#parts.clock.now();
      await this.#sleep();
      this.#failedAt = null;
    }
  }

  /** The bus is back. */
  wake(): void {
    this.#wake();
  }

  /**
   * To be called while the bus is there. An answer may be lost over a connection that stands, when all
   * plans before it are used up: then neither the bus comes back nor a commit, and nobody else wakes it.
   */
  tick(): void {
    const failedAt = this.#failedAt;
    if (failedAt !== null && this.#parts.clock.now() - failedAt >= planRetryInterval) this.#wake();
  }

  /** A question of its own, since the answer changes while the loop waits. */
  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Begins the next thing that is to do; null where nothing is. */
  #work(): Promise<void> | null {
    const { metrics, totalSteps } = this.#parts;
    metrics.plansAhead.set(this.#publishedSteps - this.#committedSteps);
    const window = planWindow(
      {
        committedSteps: this.#committedSteps,
        publishedSteps: this.#publishedSteps,
        purgedSteps: this.#purgedSteps,
        checkpointedSteps: this.#checkpointedSteps,
        totalSteps: Math.min(totalSteps, this.#limit ?? totalSteps),
      },
      stepsAhead(this.#parts.usualStep()),
      plansKept,
    );
    if (window.from < window.to) return this.#publish(step(window.from));
    if (window.purgeFrom < window.purgeTo) return this.#purge(step(window.purgeFrom));
    return null;
  }

  /** The next step waits until this one is stored. */
  async #publish(at: Step): Promise<void> {
    const { clock, metrics, plans } = this.#parts;
    const start = clock.now();
    const restarts = this.#restarts;
    const plan = await plans.plan(at);
    if (this.#isClosed() || restarts !== this.#restarts) return;
    // Paused meanwhile: where the run stands has been said.
    if (at >= (this.#limit ?? this.#parts.totalSteps)) return;
    this.#reach = Math.max(this.#reach, at + 1);
    // Known before a member can have read it.
    this.#published.published(at, plan.shared.sha256, plan.users);
    await this.#store(at, plan);
    if (restarts !== this.#restarts) return;
    this.#publishedSteps = at + 1;
    metrics.planSeconds.observe((clock.now() - start) / 1000);
  }

  /** All messages at once; the shared part first, since no lane can be used without it. */
  async #store(at: Step, { shared, lanes }: EncodedPlan): Promise<void> {
    const { metrics } = this.#parts;
    metrics.plansPublished.inc(lanes.length);
    await Promise.all([
      ...this.#storePart(at, 'shared', shared),
      ...lanes.flatMap((part, index) => this.#storePart(at, lane(index), part)),
    ]);
  }

  #storePart(at: Step, part: PlanPart, { bytes, sha256 }: EncodedPart): Promise<void>[] {
    const { run, maxPayload, metrics, stream } = this.#parts;
    const subject = planSubject(run, at, part);
    metrics.planBytes.inc(bytes.byteLength);
    // Published again behind a restart, also one of a leader before this one: the server may remember the
    // name of what was purged, or lies before where members read on.
    const isAgain = this.#restarts > 0 || !this.#parts.isFirst;
    const edition = isAgain ? `/${this.#parts.fence}.${this.#restarts}` : '';
    return splitMessage(bytes, maxPayload - envelopeBytes, sha256).map(async (piece, index) => {
      const id = planMessageId(run, at, part, index) + edition;
      const stored = await stream.publish(subject, piece, id);
      // Where nobody has led before, a repetition is somebody else's plan; a coordinator before this
      // one has published the same, and what members trained on is compared in any case.
      if (stored === 'repeated' && this.#parts.isFirst && !this.#wasAway) {
        throw PlanForgedError.stored(at, subject);
      }
    });
  }

  async #purge(at: Step): Promise<void> {
    const { run, metrics, stream } = this.#parts;
    metrics.plansPurged.inc(await stream.purge(stepPlansSubject(run, at)));
    this.#purgedSteps = at + 1;
  }
}
