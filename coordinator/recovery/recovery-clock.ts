/**
 * What a change of the members costs, told when training has gone on: from the last sign of life of
 * who was lost, over the decision and the start of the new generation, to the next recorded step.
 */
import type { WorkerId } from '../../shared/ids.js';
import type { Recovered } from '../../shared/messages/run-events.js';
import type { Millis } from '../../shared/units.js';

export type RecoveryCause = Recovered['cause'];

export interface Change {
  readonly cause: RecoveryCause;
  readonly workers: readonly WorkerId[];
  readonly planned: boolean;
  /** The last sign of life of who was lost; null for what is no loss. */
  readonly since: Millis | null;
  /** A step was under way, and is computed again. */
  readonly aborts: boolean;
}

interface Open extends Change {
  readonly decidedAt: Millis;
  startedAt: Millis | null;
  trainingAt: Millis | null;
}

/** Recent steps whose median is the usual one. */
const stepsKept = 32;

export class RecoveryClock {
  #open: Open | null = null;
  #recordedAt: Millis | null = null;
  #recent: number[] = [];

  /** A change that comes before the one before it is over belongs to it: training has not gone on. */
  decided(now: Millis, change: Change): void {
    const before = this.#open;
    if (before === null) {
      this.#open = { ...change, decidedAt: now, startedAt: null, trainingAt: null };
      return;
    }
    this.#open = {
      ...before,
      cause: change.planned ? before.cause : change.cause,
      planned: before.planned && change.planned,
      aborts: before.aborts || change.aborts,
      since: before.since ?? change.since,
      workers: [...new Set([...before.workers, ...change.workers])],
      startedAt: null,
      trainingAt: null,
    };
  }

  /** The generation has its start. */
  started(now: Millis): void {
    if (this.#open !== null) this.#open.startedAt = now;
  }

  /** Every member trains. */
  training(now: Millis): void {
    if (this.#open?.startedAt != null) this.#open.trainingAt ??= now;
  }

  /** Whatever stands between two steps by intention, as an evaluation, is no part of a usual one. */
  paused(now: Millis): void {
    if (this.#open === null) this.#recordedAt = now;
  }

  /** Nothing is lost while the run is paused, whoever comes and goes. */
  stands(now: Millis): void {
    this.#recordedAt = now;
  }

  /** A step was recorded. What the change cost, where it was the first one behind it. */
  recorded(now: Millis, generation: number): Recovered | null {
    const [open, before] = [this.#open, this.#recordedAt];
    this.#recordedAt = now;
    if (open === null) {
      if (before !== null) this.#recent = [...this.#recent, now - before].slice(-stepsKept);
      return null;
    }
    // The members of the generation before may still have recorded this one.
    if (open.startedAt === null) return null;
    this.#open = null;
    const { cause, workers, planned, since, decidedAt, startedAt, trainingAt, aborts } = open;
    const seconds = (from: number, to: number): number => Math.max(0, to - from) / 1000;
    const lost = before === null ? 0 : seconds(before + this.#usual(), now);
    return {
      kind: 'recovered',
      generation,
      cause,
      workers: [...workers],
      planned,
      detectSeconds: since === null ? 0 : seconds(since, decidedAt),
      reformSeconds: seconds(decidedAt, startedAt),
      resumeSeconds: seconds(startedAt, trainingAt ?? now),
      lostSeconds: lost,
      recomputedSteps: aborts ? 1 : 0,
    };
  }

  #usual(): number {
    const sorted = [...this.#recent].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  }
}
