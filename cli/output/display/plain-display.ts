/** Plain lines at a bounded rate, for a pipe, a log, and a terminal that cannot be redrawn. */
import type { ShownEvent } from '../../../shared/history/shown-event.js';
import type { Display, DisplayParts } from './display.js';
import { compact } from './progress-line.js';
import { RunState } from './run-state.js';
import { sentence } from './sentence.js';

/** Seconds between plain lines, so that a log of a day has some thousands of them. */
const plainSeconds = 5;

/** What is counted while something other than a step is done. */
const things = { evaluating: 'users', encoding: 'items' } as const;

const isShare = (event: ShownEvent): event is Extract<ShownEvent, { kind: keyof typeof things }> =>
  event.kind in things;

export class PlainDisplay implements Display {
  readonly #parts: DisplayParts;
  readonly #state = new RunState();
  #printedAt = Number.NEGATIVE_INFINITY;
  /** Why the run waits, where that is not said yet. */
  #waitsFor: string | null = null;

  constructor(parts: DisplayParts) {
    this.#parts = parts;
  }

  note(text: string): void {
    this.#sayWaiting();
    this.#write(text);
  }

  event(event: ShownEvent): void {
    const now = this.#parts.now();
    const before = this.#state.last;
    this.#state.take(event, now);
    const said = sentence(event, this.#parts.folder);
    if (said !== null) this.note(said);
    if (event.kind === 'waiting') {
      this.#waitsFor = event.reason;
      this.refresh();
    }
    if (isShare(event) && (event.done === event.total || this.#due(now))) {
      this.note(
        `${event.kind} ${compact(event.done)} of ${compact(event.total)} ${things[event.kind]}`,
      );
    }
    if (event.kind !== 'committed') return;
    this.#sayWaiting();
    const { step, stage } = event.report;
    const last = step + 1 === this.#state.totalSteps;
    const first = step === 0 || (before !== null && before.stage !== stage);
    if (first || last || this.#due(now)) {
      this.#printedAt = now;
      this.note(this.#state.text);
    }
  }

  /** Says why the run waits, once there may be a line again: nothing else may come for long. */
  refresh(): void {
    if (this.#waitsFor !== null && this.#due(this.#parts.now())) this.#sayWaiting();
  }

  result(_result: object, text: string): void {
    this.note(text);
  }

  failure(text: string): void {
    this.#sayWaiting();
    this.#parts.stderr.write(`${text}\n`);
  }

  #sayWaiting(): void {
    if (this.#waitsFor !== null) this.#write(`waiting: ${this.#waitsFor}`);
    this.#waitsFor = null;
  }

  #write(text: string): void {
    this.#parts.stdout.write(`${text}\n`);
  }

  #due(now: number): boolean {
    if (now - this.#printedAt < plainSeconds * 1000) return false;
    this.#printedAt = now;
    return true;
  }
}
