/**
 * Notices that nothing is committed although everyone sends heartbeats: a hung training thread, a plan
 * that never comes, a wait for each other. What is normal follows from the job's own step times.
 */
import {
  firstCommitTimeout,
  progressFactor,
  progressFloor,
  progressWindow,
  quietWorkTimeout,
} from '../shared/limits.js';
import { type Millis, millis } from '../shared/units.js';

/** What the members do as far as they have said. */
export type Activity =
  /** All are ready and nothing has been committed: an engine warms up, the first order is computed. */
  | 'the first step'
  | 'training'
  /** Evaluating, or writing the last checkpoint: no step is due, but now and then a word. */
  | 'evaluation';

export interface ProgressReading {
  readonly activity: Activity;
  /** The last commit, or the last word of an evaluation or a checkpoint. */
  readonly since: Millis;
  /** Time between recent commits. */
  readonly recent: readonly Millis[];
}

export type Progress =
  | { readonly kind: 'moving' }
  /** `late` after half of the bound, which is told; `none` after all of it, which ends the run. */
  | {
      readonly kind: 'late' | 'none';
      readonly silentFor: Millis;
      readonly bound: Millis;
      /** Where the bound comes from. */
      readonly reason: string;
    };

/** Decides whether training moves. Reads no clock. */
export function decideProgress(now: Millis, reading: ProgressReading): Progress {
  const silentFor = millis(now - reading.since);
  const { bound, reason } = boundOf(reading);
  if (silentFor < bound / 2) return { kind: 'moving' };
  return { kind: silentFor < bound ? 'late' : 'none', silentFor, bound, reason };
}

function boundOf({ activity, recent }: ProgressReading): { bound: Millis; reason: string } {
  if (activity === 'evaluation') {
    return { bound: quietWorkTimeout, reason: 'the bound between two words of an evaluation' };
  }
  // Only the second step tells how long a step takes without all that the first one loads.
  if (recent.length === 0) {
    return { bound: firstCommitTimeout, reason: 'the bound of the first two steps' };
  }
  const slowest = Math.max(...recent);
  return {
    bound: millis(progressFloor + progressFactor * slowest),
    reason:
      `${seconds(progressFloor)} and ${progressFactor} times the slowest of the last ` +
      `${recent.length} steps, ${seconds(slowest)}`,
  };
}

export const seconds = (duration: number): string =>
  `${Number((duration / 1000).toPrecision(duration < 10_000 ? 2 : 4))} s`;

/** Keeps the reading while members talk. */
export class ProgressWatch {
  #activity: Activity = 'the first step';
  #since: Millis;
  #recent: Millis[] = [];

  constructor(now: Millis) {
    this.#since = now;
  }

  get reading(): ProgressReading {
    return { activity: this.#activity, since: this.#since, recent: this.#recent };
  }

  /** All members are ready: what follows is the first step, or an evaluation where none is left. */
  ready(now: Millis, stepsLeft: number): void {
    this.#since = now;
    if (stepsLeft === 0) this.#activity = 'evaluation';
  }

  committed(now: Millis, stepsLeft: number): void {
    // The first step's time says nothing of the others.
    if (this.#activity === 'training') {
      this.#recent = [...this.#recent, millis(now - this.#since)].slice(-progressWindow);
    }
    this.#activity = stepsLeft === 0 ? 'evaluation' : 'training';
    this.#since = now;
  }

  /** A word about a checkpoint or an evaluation. */
  heard(now: Millis): void {
    this.#since = now;
  }

  /** A member evaluates, or has done its work and waits for the others. */
  evaluating(now: Millis): void {
    this.#activity = 'evaluation';
    this.#since = now;
  }
}
