/**
 * Takes the numbered reports of one process in their order, each once, and knows up to which number
 * they are safe: those may be forgotten by their sender.
 */
import type { NumberedReport } from '../../shared/messages/cluster/from-worker.js';

/** Where an entry stands in the log; null while it waits for a step that must stand before it. */
export interface Place {
  sequence: number | null;
}

/** When a report is safe; the step of a commit, a place in the log, or only when the run is over. */
export type SafeWhen =
  | { readonly kind: 'now' }
  | { readonly kind: 'stored'; readonly place: Place }
  | { readonly kind: 'recorded'; readonly step: number }
  | { readonly kind: 'over' };

export interface SafeSoFar {
  /** Entries of the log that are stored. */
  readonly stored: number;
  readonly recordedSteps: number;
  readonly over: boolean;
}

/** Of one process; it says them again, so what lies further ahead may be dropped. */
const aheadMax = 1024;

export class ReportInbox {
  #next: number;
  readonly #early = new Map<number, NumberedReport>();
  readonly #taken: { readonly number: number; readonly when: SafeWhen }[] = [];
  #safe: number;

  /** @param oldest the least number that its sender keeps: all before are recorded. */
  constructor(oldest: number) {
    this.#next = oldest;
    this.#safe = oldest - 1;
  }

  /** Every report up to this number is recorded. */
  get safe(): number {
    return this.#safe;
  }

  /** The reports that are to be taken now, in order; none where one before them is missing. */
  add(report: NumberedReport): NumberedReport[] {
    // It keeps no older ones: they were safe with a leader before this one.
    if (report.oldest > this.#next) this.#skipTo(report.oldest);
    if (report.number < this.#next || this.#early.size >= aheadMax) return [];
    this.#early.set(report.number, report);
    const due: NumberedReport[] = [];
    for (let next = this.#early.get(this.#next); next !== undefined; ) {
      due.push(next);
      this.#early.delete(this.#next++);
      next = this.#early.get(this.#next);
    }
    return due;
  }

  taken(number: number, when: SafeWhen): void {
    this.#taken.push({ number, when });
  }

  /** Whether more are safe than before. */
  settle(soFar: SafeSoFar): boolean {
    const before = this.#safe;
    for (let first = this.#taken[0]; first !== undefined; first = this.#taken[0]) {
      if (!isSafe(first.when, soFar)) break;
      this.#safe = first.number;
      this.#taken.shift();
    }
    return this.#safe > before;
  }

  #skipTo(oldest: number): void {
    for (const number of this.#early.keys()) if (number < oldest) this.#early.delete(number);
    this.#next = oldest;
    if (this.#taken.length === 0) this.#safe = Math.max(this.#safe, oldest - 1);
  }
}

function isSafe(when: SafeWhen, { stored, recordedSteps, over }: SafeSoFar): boolean {
  switch (when.kind) {
    case 'now':
      return true;
    case 'stored':
      return when.place.sequence !== null && stored >= when.place.sequence;
    case 'recorded':
      return over || recordedSteps > when.step;
    case 'over':
      return over;
  }
}
