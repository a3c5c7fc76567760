/**
 * Facts on their way to the run's log. Each has a number and is kept until a leader has recorded it:
 * said again to a new leader, and where the one there is has not answered. It never drops one: where
 * it is full, training is held back.
 */

import type { Lead } from '../../../shared/messages/cluster/from-leader.js';
import type { NumberedReport, WorkerReport } from '../../../shared/messages/cluster/from-worker.js';
import { type Millis, millis } from '../../../shared/units.js';

/** A leader answers within its own interval; a second tells that the report, or the answer, was lost. */
export const resendAfter: Millis = millis(1000);

/**
 * Reports that wait for a leader: all that can be committed on the plans that are there (`planLead`
 * steps), with the evaluations and checkpoints between them, several times over.
 */
export const outboxReports = 64;

/** Reports of one go, so that a leader that comes back is not flooded by all workers at once. */
export const resendReports = 16;

interface Waiting {
  readonly message: Omit<NumberedReport, 'oldest'>;
  saidAt: Millis | null;
}

export class Outbox {
  readonly #incarnation: string;
  #waiting: Waiting[] = [];
  #number = 0;
  #fence = 0;

  constructor(incarnation: string) {
    this.#incarnation = incarnation;
  }

  /** What else is committed would have no room: no more plans go to training. */
  get isFull(): boolean {
    return this.#waiting.length >= outboxReports;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Takes a fact; `due` says when it is to be sent. Returns its number. */
  add(generation: number, report: WorkerReport): number {
    this.#number++;
    this.#waiting.push({
      message: {
        kind: 'report',
        incarnation: this.#incarnation,
        number: this.#number,
        generation,
        report,
      },
      saidAt: null,
    });
    return this.#number;
  }

  /** What a leader says it has recorded is over; a new leader is told the rest again. */
  hear({ fence, heard }: Pick<Lead, 'fence' | 'heard'>, worker: string): void {
    if (fence < this.#fence) return;
    const mine = heard.find((of) => of.worker === worker && of.incarnation === this.#incarnation);
    const recorded = mine?.number ?? 0;
    this.#waiting = this.#waiting.filter(({ message }) => message.number > recorded);
    if (fence > this.#fence) for (const waiting of this.#waiting) waiting.saidAt = null;
    this.#fence = fence;
  }

  /** Is the report of this number recorded? */
  isHeard(number: number): boolean {
    return this.#waiting.every(({ message }) => message.number !== number);
  }

  /** Reports to send now, in order; they count as said. */
  due(now: Millis): NumberedReport[] {
    const due = this.#waiting
      .filter(({ saidAt }) => saidAt === null || now - saidAt >= resendAfter)
      .slice(0, resendReports);
    for (const waiting of due) waiting.saidAt = now;
    const oldest = this.#waiting[0]?.message.number ?? this.#number;
    return due.map(({ message }) => ({ ...message, oldest }));
  }
}
