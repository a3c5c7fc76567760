/**
 * Where the time of a planned border goes, member by member: from its last step of the generation before
 * until it trains, and its first step behind the border beside its usual one.
 */
import type { Bus } from '../../shared/bus.js';
import {
  decodeWorkerMessage,
  type NumberedReport,
  type WorkerStatus,
} from '../../shared/messages/cluster/from-worker.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { everyWorkerSubject } from '../../shared/subjects.js';
import { median } from '../median.js';

/** What one member did around the border, in seconds. */
export interface Crossing {
  readonly worker: string;
  /** From the last step of whoever was in the generation before until this member trains. */
  readonly border: number;
  /** From there until its first step is reported. */
  readonly firstStep: number;
  /** What its first step took longer in each phase than its later ones, where that can be seen. */
  readonly surplus: readonly (readonly [phase: string, seconds: number])[];
}

interface Committed {
  readonly worker: string;
  readonly generation: number;
  readonly at: number;
  readonly phaseSeconds: Readonly<Record<string, number>>;
}

/** Less than this is told of no phase. */
const worthTelling = 0.01;

export class BorderObserver {
  readonly #committed: Committed[] = [];
  /** When each member was first seen to train in a generation, by generation and name. */
  readonly #trains = new Map<string, number>();
  readonly #close: () => void;

  constructor(bus: Bus, run: RunAddress) {
    const { close } = bus.subscribe(everyWorkerSubject(run), (data, subject) =>
      this.#hear(data, subject.slice(subject.lastIndexOf('.') + 1)),
    );
    this.#close = close;
  }

  close(): void {
    this.#close();
  }

  /** Of the members of a generation that have trained more than one step in it. */
  crossings(generation: number): Crossing[] {
    const before = this.#committed.filter((one) => one.generation < generation);
    const last = Math.max(...before.map(({ at }) => at));
    const inside = this.#committed.filter((one) => one.generation === generation);
    return [...new Set(inside.map(({ worker }) => worker))].sort().flatMap((worker) => {
      const [first, ...later] = inside.filter((one) => one.worker === worker);
      const trains = this.#trains.get(keyOf(generation, worker));
      if (first === undefined || later.length === 0 || trains === undefined) return [];
      return {
        worker,
        border: (trains - last) / 1000,
        firstStep: (first.at - trains) / 1000,
        surplus: surplusOf(first, later),
      };
    });
  }

  #hear(data: Uint8Array, worker: string): void {
    const message = decodeWorkerMessage(data);
    if (message.kind === 'status') this.#standing(message, worker);
    if (message.kind === 'report') this.#reported(message, worker);
  }

  #standing({ generation, phase }: WorkerStatus, worker: string): void {
    if (phase !== 'training' || generation === null) return;
    const key = keyOf(generation, worker);
    if (!this.#trains.has(key)) this.#trains.set(key, performance.now());
  }

  #reported({ generation, report }: NumberedReport, worker: string): void {
    if (report.kind !== 'committed') return;
    const { phaseSeconds } = report.report;
    this.#committed.push({ worker, generation, at: performance.now(), phaseSeconds });
  }
}

const keyOf = (generation: number, worker: string): string => `${generation} ${worker}`;

function surplusOf(first: Committed, later: readonly Committed[]): Crossing['surplus'] {
  return Object.entries(first.phaseSeconds)
    .map(([phase, seconds]) => {
      const usual = median(later.map(({ phaseSeconds }) => phaseSeconds[phase] ?? 0));
      return [phase, seconds - usual] as const;
    })
    .filter(([, seconds]) => Math.abs(seconds) >= worthTelling);
}

export const crossingText = ({ worker, border, firstStep, surplus }: Crossing): string => {
  const phases = surplus.map(
    ([phase, seconds]) => `${phase} ${seconds < 0 ? '' : '+'}${seconds.toFixed(2)}`,
  );
  const beside = phases.length === 0 ? 'as usual' : phases.join(', ');
  return `  ${worker}: trains after ${border.toFixed(3)} s, first step ${firstStep.toFixed(3)} s: ${beside}`;
};
