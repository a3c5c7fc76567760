/** All exporters that a run's job names, as whoever writes its history sees them. */
import type { HistoryLine, ProgressLine } from '../../shared/history/history-line.js';
import type { ExportFeed } from './feed/export-feed.js';

export class HistoryExporters {
  readonly #feeds: readonly ExportFeed[];
  /** ISO 8601; null while another coordinator leads, which then tells them. */
  #leadsFrom: string | null;
  /** Before training starts, whatever an earlier run left at the end of a history may still go. */
  #hasStarted = false;

  /** @param leads whether this process tells them from the beginning */
  constructor(feeds: readonly ExportFeed[], leads: boolean) {
    this.#feeds = feeds;
    this.#leadsFrom = leads ? '' : null;
  }

  /** A line is in the history. */
  told(
    line: Pick<HistoryLine | ProgressLine, 'kind' | 'time'> & { committed_steps?: number },
  ): void {
    if (line.kind === 'started') {
      for (const feed of this.#feeds) feed.cut(line.committed_steps ?? 0);
      this.#hasStarted = true;
      if (this.#leadsFrom !== null) this.#begin(this.#leadsFrom || line.time);
    }
    for (const feed of this.#feeds) feed.grown();
  }

  /** Which of several coordinators leads has changed. @param time ISO 8601 */
  leads(isOwn: boolean, time: string): void {
    this.#leadsFrom = isOwn ? time : null;
    if (!isOwn) for (const feed of this.#feeds) feed.rest();
    else if (this.#hasStarted) this.#begin(time);
  }

  /** The history has its last line. Settles when all is delivered, and soon after `limit`. */
  async finish(limit: Promise<void>): Promise<void> {
    await Promise.all(this.#feeds.map((feed) => feed.finish(limit)));
  }

  #begin(time: string): void {
    for (const feed of this.#feeds) feed.begin(time);
  }
}
