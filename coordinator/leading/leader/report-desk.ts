/** Takes the reports of all workers, of each process in its order, and knows what of them is safe. */
import type { WorkerId } from '../../../shared/ids.js';
import { membersMax } from '../../../shared/limits.js';
import type { Lead } from '../../../shared/messages/cluster/from-leader.js';
import type { NumberedReport } from '../../../shared/messages/cluster/from-worker.js';
import { ReportInbox, type SafeSoFar, type SafeWhen } from '../../record/report-inbox.js';

interface Heard {
  readonly incarnation: string;
  readonly inbox: ReportInbox;
}

export class ReportDesk {
  /** Who reported last stands last. */
  readonly #heard = new Map<WorkerId, Heard>();
  readonly #take: (worker: WorkerId, report: NumberedReport) => SafeWhen;

  /** @param take is handed each report once; it says when the report is safe */
  constructor(take: (worker: WorkerId, report: NumberedReport) => SafeWhen) {
    this.#take = take;
  }

  /** @param known the worker's newest incarnation; what others say is not heard */
  hear(worker: WorkerId, report: NumberedReport, known: string | null): void {
    const { incarnation } = report;
    // Of a process that was replaced, or of one of which no status has come yet: it says it again.
    if (incarnation !== known) return;
    let heard = this.#heard.get(worker);
    if (heard?.incarnation !== incarnation) {
      heard = { incarnation, inbox: new ReportInbox(report.oldest) };
    }
    this.#heard.delete(worker);
    this.#heard.set(worker, heard);
    this.#forgetOldest();
    for (const due of heard.inbox.add(report)) {
      heard.inbox.taken(due.number, this.#take(worker, due));
    }
  }

  /**
   * A lead that names more than these is heard by nobody: pods come and go under names of their own. Whoever
   * is forgotten and lives says again what is not recorded, as to a new leader.
   */
  #forgetOldest(): void {
    const [oldest] = this.#heard.keys();
    if (this.#heard.size > membersMax && oldest !== undefined) this.#heard.delete(oldest);
  }

  /** Whether more reports are safe than before. */
  settle(soFar: SafeSoFar): boolean {
    let more = false;
    for (const { inbox } of this.#heard.values()) more = inbox.settle(soFar) || more;
    return more;
  }

  get heard(): Lead['heard'] {
    return [...this.#heard].map(([worker, { incarnation, inbox }]) => ({
      worker,
      incarnation,
      number: inbox.safe,
    }));
  }
}
