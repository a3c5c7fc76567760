/**
 * Plans on their way to the training thread: those of the lanes that it has in its generation, from its
 * committed step on. The reader is one generation's; which plan a step was trained on is the run's.
 */
import type { Bus } from '../../../shared/bus.js';
import type { Lane, Step } from '../../../shared/ids.js';
import type { MalformedMessageError } from '../../../shared/messages/guard.js';
import { PlanMismatchError } from '../../../shared/messages/step-plan-message.js';
import type { LanePlan } from '../../../shared/plan/lane-plan.js';
import type { RunAddress } from '../../../shared/run/run-id.js';
import { planStream } from '../../../shared/subjects.js';
import { PlanReader } from '../plan-reader.js';

export interface PlanFeedParts {
  readonly bus: Bus;
  readonly run: RunAddress;
  /** V, the job's. */
  readonly laneCount: number;
  readonly onPlan: (plan: LanePlan) => void;
  readonly onRefused: (error: MalformedMessageError, subject: string) => void;
  readonly onMismatch: (error: PlanMismatchError) => void;
  /** The stream cannot be read now; it is tried again. */
  readonly onAway: (error: Error) => void;
}

/** One generation's reading. */
interface Reading {
  readonly lanes: readonly Lane[];
  reader: PlanReader | null;
}

export class PlanFeed {
  readonly #parts: PlanFeedParts;
  readonly #digests = new Map<Step, string>();
  #reading: Reading | null = null;
  #held: LanePlan[] = [];
  #isHeld = false;
  #committedSteps = 0;

  constructor(parts: PlanFeedParts) {
    this.#parts = parts;
  }

  /** From here on the plans of these lanes are wanted, from this step on. */
  open(lanes: readonly Lane[], committedSteps: number): void {
    this.close();
    this.#committedSteps = committedSteps;
    this.#reading = { lanes, reader: null };
    this.tick();
  }

  /** No plan goes on from here: what was not handed over is read again by whoever opens next. */
  close(): void {
    this.#reading?.reader?.close();
    this.#reading = null;
    this.#held = [];
  }

  /** Opens the stream again where it has ended: it may have been created anew. */
  tick(): void {
    const reading = this.#reading;
    if (reading === null || reading.reader !== null) return;
    const reader = this.#readerOf(reading.lanes);
    reading.reader = reader;
    this.#begin(reader).catch((error: Error) => {
      reader.close();
      if (this.#reading?.reader !== reader) return;
      reading.reader = null;
      this.#parts.onAway(error);
    });
  }

  /** While its facts find no room, training gets nothing more to do. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (isHeld) return;
    for (const plan of this.#held.splice(0)) this.#parts.onPlan(plan);
  }

  /** SHA-256 of a step's whole plan, in hexadecimal; null where it is not known, or over. */
  digestOf(step: Step): string | null {
    return this.#digests.get(step) ?? null;
  }

  committed(steps: number): void {
    this.#committedSteps = steps;
    for (const step of this.#digests.keys()) if (step < steps) this.#digests.delete(step);
    this.#reading?.reader?.committed(steps);
  }

  async #begin(reader: PlanReader): Promise<void> {
    const stream = await this.#parts.bus.openStream(planStream(this.#parts.run));
    if (this.#reading?.reader !== reader) return;
    const { ended } = await reader.begin(stream);
    if (this.#reading?.reader !== reader) reader.close();
    const why = await ended;
    if (why !== null) throw why;
  }

  #readerOf(lanes: readonly Lane[]): PlanReader {
    const { run, laneCount, onRefused, onMismatch } = this.#parts;
    const reader: PlanReader = new PlanReader({
      ...{ run, laneCount, lanes, onRefused, onMismatch },
      onPlan: (plan) => this.#take(plan, reader.digestOf(plan.step)),
    });
    reader.committed(this.#committedSteps);
    return reader;
  }

  #take(plan: LanePlan, sha256: string | null): void {
    if (sha256 !== null) {
      const before = this.#digests.get(plan.step) ?? sha256;
      this.#digests.set(plan.step, before);
      if (before !== sha256) {
        const detail = `Cannot go on: the plan of step ${plan.step} has SHA-256 ${sha256}, and had ${before}`;
        this.#parts.onMismatch(new PlanMismatchError(detail));
        return;
      }
    }
    if (this.#isHeld) this.#held.push(plan);
    else this.#parts.onPlan(plan);
  }
}
