/**
 * Whoever asks things of the run, as the commands do: one request after the other, each said again until the
 * log has it; and what must come of them.
 */

import type { Bus } from '../../shared/bus.js';
import {
  type ControlMessage,
  encodeControl,
  type OperatorRequest,
} from '../../shared/messages/cluster/control.js';
import type { Happening } from '../../shared/messages/cluster/log-entry.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { controlSubject } from '../../shared/subjects.js';
import type { SimServer } from '../bus/sim-server.js';
import type { Scheduler } from '../time/scheduler.js';
import { SimProcess } from '../time/sim-process.js';
import type { Findings } from './findings.js';

type Wish = { readonly kind: 'pause' | 'go-on' | 'checkpoint' } | DrainWish;
interface DrainWish {
  readonly kind: 'drain';
  readonly worker: string;
}

const askAgain = 500;
/** A late repetition, which must change nothing any more. */
const lateRepetition = 4000;

/** Whoever writes checkpoints is told again of a wish within this time, and a lost one replaced. */
const wishPatience = 8000;

export interface OperatorParts {
  readonly run: RunAddress;
  readonly scheduler: Scheduler;
  readonly server: SimServer;
  readonly findings: Findings;
  readonly isOver: () => boolean;
  /** Of a worker: it ends, and nobody has to wonder. */
  readonly askedToEnd: (worker: string) => void;
}

export class Operator {
  readonly #parts: OperatorParts;
  #bus: Bus | null = null;
  readonly #open: OperatorRequest[] = [];
  #asked = 0;
  #isAsking = false;
  #paused: { readonly standsAt: number } | null = null;
  /** Committed steps of a checkpoint that was asked for and is not there. */
  #wished: number | null = null;
  #wishedAt = 0;

  constructor(parts: OperatorParts) {
    this.#parts = parts;
  }

  ask(wish: Wish): void {
    const id = (++this.#asked).toString(16).padStart(16, '0');
    this.#open.push({ ...wish, by: 'an operator', id } as OperatorRequest);
    if (!this.#isAsking) this.#say();
  }

  #say(): void {
    const [request] = this.#open;
    this.#isAsking = request !== undefined && !this.#parts.isOver();
    if (!this.#isAsking || request === undefined) return;
    const { scheduler } = this.#parts;
    this.#publish(request);
    scheduler.after(lateRepetition, () => this.#publish(request));
    scheduler.after(askAgain, () => this.#say());
  }

  #publish(request: ControlMessage): void {
    const { run, scheduler, server } = this.#parts;
    this.#bus ??= server.open(new SimProcess('operator', scheduler, { offset: 0, rate: 1 }));
    this.#bus.publish(controlSubject(run), encodeControl(request));
  }

  /** An entry of the log. */
  see(entry: Happening): void {
    const { findings, askedToEnd } = this.#parts;
    if ('id' in entry && this.#open[0]?.id === entry.id) this.#open.shift();
    switch (entry.kind) {
      case 'paused':
        this.#paused = entry;
        return;
      case 'went-on':
      case 'stopping':
        this.#paused = null;
        return;
      case 'draining':
        askedToEnd(entry.worker);
        return;
      case 'asked-checkpoint':
        if (entry.path !== null) return;
        this.#wished = Math.max(this.#wished ?? 0, entry.steps);
        this.#wishedAt = this.#parts.scheduler.now;
        return;
      case 'checkpointed':
        if (this.#wished !== null && entry.committedSteps >= this.#wished) this.#wished = null;
        return;
      case 'finished':
        // Of a run that ends soon, the writer may be gone before anyone has heard of the last one.
        if (this.#wished !== null && this.#parts.scheduler.now - this.#wishedAt > wishPatience)
          findings.add(`a checkpoint of ${this.#wished} steps was asked for, and there is none`);
        return;
      case 'committed':
        if (this.#paused !== null && entry.report.step >= this.#paused.standsAt) {
          findings.add(
            `step ${entry.report.step} is recorded: the run is paused at ${this.#paused.standsAt}`,
          );
        }
        return;
      default:
        return;
    }
  }
}
