/**
 * What must never be, looked for while it runs: each rule is one sentence here, and what breaks one
 * is a finding. The log is looked at when the run is over: see checks/.
 */
import { permitLease } from '../../worker/control/shell/permit-lease.js';
import type { TrainingWatch } from '../engine/tiny-parts.js';
import type { Setup } from '../schedule/setup.js';
import type { SimProcess } from '../time/sim-process.js';
import { tinyReference } from './tiny-job.js';

/** A permit's lease, the time that a word takes, and the difference of two clocks. */
const fencedAfter = permitLease + 600;

/** A supervisor that starts the same process so often has nothing to hope for. */
const restartsMax = 12;

export class Findings implements TrainingWatch {
  readonly #setup: Setup;
  readonly #trace: (text: string) => void;
  readonly #all: string[] = [];
  readonly #inside = new Map<SimProcess, number>();
  readonly #entered = new Map<SimProcess, number>();
  /** When each generation was given its start. */
  readonly #startedAt = new Map<number, number>();
  readonly #now: () => number;
  #recordedSteps = 0;
  #restarts = 0;
  #isStopWanted = false;
  isStopping = false;

  constructor(setup: Setup, now: () => number, trace: (text: string) => void) {
    this.#now = now;
    this.#setup = setup;
    this.#trace = trace;
  }

  get all(): readonly string[] {
    return this.#all;
  }

  get isStopWanted(): boolean {
    return this.#isStopWanted;
  }

  add(text: string): void {
    this.#trace(`FOUND: ${text}`);
    this.#all.push(text);
  }

  stopWanted(): void {
    this.#isStopWanted = true;
  }

  restarted(name: string, reason: string): void {
    this.#restarts++;
    if (this.#restarts === restartsMax) {
      this.add(`processes end again and again: ${name}: ${reason}`);
    }
  }

  /** Stands in the log: members may go on in it. */
  started(generation: number): void {
    this.#startedAt.set(generation, this.#now());
  }

  entered(process: SimProcess, generation: number): void {
    this.#trace(`${process.name} trains in generation ${generation}`);
    const inside = this.#inside.get(process);
    if (inside !== undefined) {
      this.add(`${process.name} trains in generation ${inside} and in ${generation} at once`);
    }
    if ((this.#entered.get(process) ?? -1) >= generation) {
      this.add(`${process.name} enters generation ${generation} again`);
    }
    this.#inside.set(process, generation);
    this.#entered.set(process, generation);
  }

  left(process: SimProcess, generation: number): void {
    this.#trace(`${process.name} has left generation ${generation}`);
    this.#inside.delete(process);
  }

  gone(process: SimProcess): void {
    this.#inside.delete(process);
  }

  /** So many stand in the log. */
  recorded(steps: number): void {
    this.#recordedSteps = steps;
  }

  published(process: SimProcess, generation: number, committedSteps: number, digest: string): void {
    this.#checkFence(process, generation, committedSteps);
    this.#checkPublished(process, generation, committedSteps, digest);
  }

  /**
   * Whoever is a member of a newer generation leaves before it has begun to train in it: what it writes is old
   * only where others have gone on.
   */
  saved(process: SimProcess, generation: number, committedSteps: number, digest: string): void {
    if (committedSteps < this.#recordedSteps) this.#checkFence(process, generation, committedSteps);
    this.#checkPublished(process, generation, committedSteps, digest);
  }

  #checkPublished(
    process: SimProcess,
    generation: number,
    committedSteps: number,
    digest: string,
  ): void {
    this.#trace(`${process.name} publishes the checkpoint of ${committedSteps} steps`);
    if (tinyReference(this.#setup).settled[committedSteps] !== digest) {
      this.add(
        `${process.name} publishes other weights at step ${committedSteps} than the undisturbed run ` +
          `has there, in generation ${generation}`,
      );
    }
  }

  /** Others have gone on for so long that it must know, or must not trust what it knows. */
  #checkFence(process: SimProcess, generation: number, committedSteps: number): void {
    if (process.wasFooled) return;
    for (const [newer, startedAt] of this.#startedAt) {
      const since = Math.round(this.#now() - startedAt);
      if (newer <= generation || since < fencedAfter) continue;
      this.add(
        `${process.name} publishes step ${committedSteps} of generation ${generation}: ` +
          `generation ${newer} began ${since} ms ago`,
      );
      return;
    }
  }
}
