/**
 * Where the time of each member goes, summed over some seconds of steps: enough for whoever looks at a
 * run, and a small part of its log however short its steps are.
 */
import type { PhasesTold } from '../../shared/messages/run-events.js';
import { type Millis, millis } from '../../shared/units.js';
import type { LoggedGeneration } from './run-state.js';
import type { StepReport } from './step-reports.js';

/** Between two entries. */
export const phasesInterval: Millis = millis(2000);

interface Sums {
  readonly phaseSeconds: Map<string, number>;
  waitSeconds: number;
}

export class PhaseSums {
  #since: Millis;
  #generation: LoggedGeneration | null = null;
  #steps = 0;
  #members = new Map<string, Sums>();

  constructor(now: Millis) {
    this.#since = now;
  }

  /**
   * Takes the reports of a recorded step.
   *
   * @returns what is to be told now, of this step too unless another generation has trained it; null: later
   */
  add(now: Millis, reports: readonly StepReport[], trained: LoggedGeneration): PhasesTold | null {
    const changes = this.#generation !== null && this.#generation.generation !== trained.generation;
    const before = changes ? this.#take(now) : null;
    this.#generation = trained;
    this.#steps++;
    for (const { worker, report } of reports) this.#sum(worker, report);
    if (changes) return before;
    return now - this.#since < phasesInterval ? null : this.#take(now);
  }

  #sum(worker: string, { phaseSeconds, waitSeconds }: StepReport['report']): void {
    const sums = this.#members.get(worker) ?? { phaseSeconds: new Map(), waitSeconds: 0 };
    for (const [phase, seconds] of Object.entries(phaseSeconds)) {
      sums.phaseSeconds.set(phase, (sums.phaseSeconds.get(phase) ?? 0) + seconds);
    }
    sums.waitSeconds += waitSeconds;
    this.#members.set(worker, sums);
  }

  #take(now: Millis): PhasesTold | null {
    const { generation, members } = this.#generation ?? { generation: 0, members: [] };
    const [steps, sums] = [this.#steps, this.#members];
    this.#since = now;
    this.#steps = 0;
    this.#members = new Map();
    if (steps === 0) return null;
    const told = members.flatMap(({ worker, lanes }) => {
      const of = sums.get(worker);
      if (of === undefined) return [];
      const phaseSeconds = Object.fromEntries(of.phaseSeconds);
      return [{ worker, lanes, phaseSeconds, waitSeconds: of.waitSeconds }];
    });
    return { kind: 'phases', generation, steps, members: told };
  }
}
