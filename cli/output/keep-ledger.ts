import type { LedgerFile } from '../../process/history/ledger-file.js';
import type { RunEvent } from '../../shared/messages/run-events.js';

/**
 * What an event means for the ledger of a run's folder.
 *
 * @param time ISO 8601
 */
export function keepLedger(ledger: LedgerFile, event: RunEvent, time: string): void {
  if (event.kind === 'started') ledger.started(event.firstStep, time);
  else if (event.kind === 'committed') ledger.record(event.ledger);
  else if (event.kind === 'checkpointed') ledger.sync();
}
