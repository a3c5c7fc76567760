/**
 * Plans on their way to the training thread: those of the lanes that it has in its generation, from its
 * committed step on, and while the next generation is planned, those of the lanes that it will have there.
 * A reader is one generation's; which plan a step was trained on is the run's.
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
  /** The first step that its reader reads. */
  from: number;
  reader: PlanReader | null;
  /** Nothing of it was refused or given up: what it has not handed over is still to come. */
  isWhole: boolean;
}

export class PlanFeed {
  readonly #parts: PlanFeedParts;
  readonly #digests = new Map<Step, string>();
  /** Lanes of each step that the thread has, so that two readers hand over none twice. */
  readonly #given = new Map<Step, Set<Lane>>();
  #reading: Reading | null = null;
  /** Of the generation that is planned. */
  #ahead: Reading | null = null;
  #held: LanePlan[] = [];
  #isHeld = false;
  #committedSteps = 0;

  constructor(parts: PlanFeedParts) {
    this.#parts = parts;
  }

  /**
   * The next generation will want these lanes, of a step behind these: they are read and handed over
   * while the one before trains. Until it opens, or it is forgotten.
   */
  prepare(lanes: readonly Lane[], committedSteps: number): void {
    this.forget();
    const reading: Reading = { lanes, from: committedSteps, reader: null, isWhole: true };
    this.#ahead = reading;
    this.#start(reading);
  }

  /** What was prepared is not wanted any more. */
  forget(): void {
    this.#ahead?.reader?.close();
    this.#ahead = null;
  }

  /** From here on the plans of these lanes are wanted, from this step on. */
  open(lanes: readonly Lane[], committedSteps: number): void {
    this.close();
    const ahead = this.#ahead;
    this.#ahead = null;
    this.#committedSteps = committedSteps;
    if (ahead !== null && isReadingOf(ahead, lanes, committedSteps)) {
      ahead.reader?.committed(committedSteps);
      this.#reading = ahead;
      return;
    }
    ahead?.reader?.close();
    this.#given.clear();
    this.#reading = { lanes, from: committedSteps, reader: null, isWhole: true };
    this.tick();
  }

  /** No plan goes on from here: what was not handed over is read again by whoever opens next. */
  close(): void {
    this.#reading?.reader?.close();
    this.#reading = null;
    if (this.#held.length > 0 && this.#ahead !== null) this.#ahead.isWhole = false;
    this.#held = [];
  }

  /** Opens the stream again where it has ended: it may have been created anew. */
  tick(): void {
    const reading = this.#reading;
    if (reading === null || reading.reader !== null) return;
    reading.from = this.#committedSteps;
    this.#start(reading);
  }

  /** While its facts find no room, training gets nothing more to do. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (isHeld) return;
    for (const plan of this.#held.splice(0)) this.#give(plan);
  }

  /** SHA-256 of a step's whole plan, in hexadecimal; null where it is not known, or over. */
  digestOf(step: Step): string | null {
    return this.#digests.get(step) ?? null;
  }

  committed(steps: number): void {
    this.#committedSteps = steps;
    for (const step of this.#digests.keys()) if (step < steps) this.#digests.delete(step);
    for (const step of this.#given.keys()) if (step < steps) this.#given.delete(step);
    for (const reading of [this.#reading, this.#ahead]) reading?.reader?.committed(steps);
  }

  #start(reading: Reading): void {
    const reader = this.#readerOf(reading);
    reading.reader = reader;
    this.#begin(reader).catch((error: Error) => {
      reader.close();
      if (!this.#isWanted(reader)) return;
      reading.reader = null;
      reading.isWhole = false;
      this.#parts.onAway(error);
    });
  }

  #isWanted(reader: PlanReader): boolean {
    return this.#reading?.reader === reader || this.#ahead?.reader === reader;
  }

  async #begin(reader: PlanReader): Promise<void> {
    const stream = await this.#parts.bus.openStream(planStream(this.#parts.run));
    if (!this.#isWanted(reader)) return;
    const { ended } = await reader.begin(stream);
    if (!this.#isWanted(reader)) reader.close();
    const why = await ended;
    if (why !== null) throw why;
  }

  #readerOf(reading: Reading): PlanReader {
    const { run, laneCount, onRefused, onMismatch } = this.#parts;
    const reader: PlanReader = new PlanReader({
      ...{ run, laneCount, onMismatch },
      lanes: reading.lanes,
      onRefused: (error, subject) => {
        reading.isWhole = false;
        onRefused(error, subject);
      },
      onPlan: (plan) => this.#take(plan, reader.digestOf(plan.step)),
    });
    reader.committed(reading.from);
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
    else this.#give(plan);
  }

  #give(plan: LanePlan): void {
    const given = this.#given.get(plan.step) ?? new Set<Lane>();
    if (given.has(plan.lane)) return;
    this.#given.set(plan.step, given.add(plan.lane));
    this.#parts.onPlan(plan);
  }
}

const isReadingOf = (
  { lanes, from, reader, isWhole }: Reading,
  wanted: readonly Lane[],
  committedSteps: number,
): boolean =>
  reader !== null &&
  isWhole &&
  from <= committedSteps &&
  lanes.length === wanted.length &&
  lanes.every((lane, index) => lane === wanted[index]);
