/** Keeps the stream filled a few steps ahead of training, and empties it behind. */
import type { BusStream } from '../shared/bus.js';
import type { Clock } from '../shared/clock.js';
import { type Step, step } from '../shared/ids.js';
import { planLead, plansKept } from '../shared/limits.js';
import { encodeLanePlan } from '../shared/messages/lane-plan-message.js';
import { splitMessage } from '../shared/messages/parts.js';
import type { LanePlan } from '../shared/plan/lane-plan.js';
import type { RunAddress } from '../shared/run/run-id.js';
import { planMessageId, planSubject, stepPlansSubject } from '../shared/subjects.js';
import type { Bytes } from '../shared/units.js';
import type { CoordinatorMetrics } from './metrics.js';
import { planWindow } from './plan-window.js';

export interface PlanPublisherParts {
  readonly stream: BusStream;
  readonly run: RunAddress;
  readonly clock: Clock;
  readonly metrics: CoordinatorMetrics;
  readonly maxPayload: Bytes;
  /** The pure plan of a step, one message a lane. */
  readonly plansOf: (step: Step) => readonly LanePlan[];
  readonly firstStep: number;
  readonly totalSteps: number;
  readonly onFailure: (error: Error) => void;
}

/** Room for the subject and the headers, which count towards the server's limit on some versions. */
const envelopeBytes = 1024;

export class PlanPublisher {
  readonly #parts: PlanPublisherParts;
  #publishedSteps: number;
  #purgedSteps: number;
  #committedSteps: number;
  #checkpointedSteps = 0;
  #working = false;
  #closed = false;

  constructor(parts: PlanPublisherParts) {
    this.#parts = parts;
    this.#publishedSteps = parts.firstStep;
    this.#purgedSteps = parts.firstStep;
    this.#committedSteps = parts.firstStep;
  }

  committed(steps: number): void {
    this.#committedSteps = steps;
    this.pump();
  }

  checkpointed(steps: number): void {
    this.#checkpointedSteps = Math.max(this.#checkpointedSteps, steps);
    this.pump();
  }

  close(): void {
    this.#closed = true;
  }

  /** Starts work unless some is under way, which will see the new cursors itself. */
  pump(): void {
    if (this.#working) return;
    this.#working = true;
    this.#work()
      .catch((error: unknown) => {
        if (!this.#closed) this.#parts.onFailure(error as Error);
      })
      .finally(() => {
        this.#working = false;
      });
  }

  async #work(): Promise<void> {
    for (;;) {
      const window = planWindow(
        {
          committedSteps: this.#committedSteps,
          publishedSteps: this.#publishedSteps,
          purgedSteps: this.#purgedSteps,
          checkpointedSteps: this.#checkpointedSteps,
          totalSteps: this.#parts.totalSteps,
        },
        planLead,
        plansKept,
      );
      if (this.#closed) return;
      if (window.from < window.to) await this.#publish(step(window.from));
      else if (window.purgeFrom < window.purgeTo) await this.#purge(step(window.purgeFrom));
      else return;
      this.#parts.metrics.plansAhead.set(this.#publishedSteps - this.#committedSteps);
    }
  }

  /** All messages of the step at once; the next step waits until they are stored. */
  async #publish(at: Step): Promise<void> {
    const { clock, run, maxPayload, metrics, plansOf, stream } = this.#parts;
    const start = clock.now();
    const stored: Promise<void>[] = [];
    for (const plan of plansOf(at)) {
      const message = encodeLanePlan(plan);
      metrics.plansPublished.inc();
      metrics.planBytes.inc(message.byteLength);
      const subject = planSubject(run, at, plan.lane);
      for (const [index, part] of splitMessage(message, maxPayload - envelopeBytes).entries()) {
        stored.push(stream.publish(subject, part, planMessageId(run, at, plan.lane, index)));
      }
    }
    await Promise.all(stored);
    this.#publishedSteps = at + 1;
    metrics.planSeconds.observe((clock.now() - start) / 1000);
  }

  async #purge(at: Step): Promise<void> {
    const { run, metrics, stream } = this.#parts;
    metrics.plansPurged.inc(await stream.purge(stepPlansSubject(run, at)));
    this.#purgedSteps = at + 1;
  }
}
