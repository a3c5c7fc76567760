/** Reads the ledger out of a run's log: entries in their order, from the first one. Pure. */
import type { LogEntry } from '../messages/cluster/log-entry.js';
import type { LedgerLine } from './ledger-line.js';

export class LogLedger {
  #nextStep = 0;

  /** What an entry adds to the ledger, as a folder would have it; null for nothing. */
  lineOf({ entry, time }: LogEntry): LedgerLine | null {
    if (entry.kind === 'committed') {
      this.#nextStep = entry.ledger.step + 1;
      return { kind: 'step', record: entry.ledger };
    }
    const start = entry.kind === 'generation' ? entry.position : null;
    if (start === null || start.committedSteps === this.#nextStep) return null;
    this.#nextStep = start.committedSteps;
    return { kind: 'resumed', time, committed_steps: start.committedSteps };
  }
}
