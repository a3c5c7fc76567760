/**
 * Sends the reports of whoever leads. Nothing waits for it: what cannot be sent is counted, told once,
 * and sent anew at the next time, as it is then.
 */
import type { Clock } from '../../shared/clock.js';
import type { Log } from '../../shared/log.js';
import { encodeJobReport } from '../../shared/messages/job-report.js';
import { type Millis, millis } from '../../shared/units.js';
import type { CoordinatorMetrics } from '../metrics.js';
import type { JobProgress } from './job-progress.js';
import { jobReportOf } from './job-report-of.js';
import { farewellPause, farewellTimeout, isReportDue, reportTimeout } from './report-schedule.js';

/** What a leader knows now. */
export interface Standing {
  readonly fence: number;
  readonly progress: JobProgress;
  readonly straggler: string | null;
}

export interface RunReporterParts {
  readonly clock: Clock;
  /** ISO 8601. */
  readonly time: () => string;
  readonly log: Log;
  readonly metrics: Pick<CoordinatorMetrics, 'reports'>;
  readonly uid: string;
  readonly runId: string;
  /** `workers.min` */
  readonly min: number;
  /** Rejects where it was not taken within the time. */
  readonly post: (body: Uint8Array, timeout: Millis) => Promise<void>;
  /** Resolves after so long, by the same clock. */
  readonly sleep: (time: Millis) => Promise<unknown>;
}

export class RunReporter {
  readonly #parts: RunReporterParts;
  #fence = 0;
  #sequence = 0;
  #triedAt: Millis | null = null;
  /** What the last report that was taken has told. */
  #told: Standing | null = null;
  /** The newest, of this process while it leads. */
  #standing: Standing | null = null;
  #sending: Promise<void> | null = null;
  #isFailing = false;

  constructor(parts: RunReporterParts) {
    this.#parts = parts;
  }

  /** @param standing null while another process leads: it reports */
  tick(standing: Standing | null): void {
    this.#standing = standing;
    if (standing === null) return;
    const now = this.#parts.clock.now();
    const due = isReportDue({
      triedAgo: this.#triedAt === null ? null : millis(now - this.#triedAt),
      isSending: this.#sending !== null,
      hasChanged: this.#hasNews(standing),
    });
    if (due) void this.#send(standing, reportTimeout);
  }

  /**
   * Tells the last that there is to tell; tries for a bounded time.
   *
   * @param last null where another process leads, or this one has given the lead back
   */
  async close(last: Standing | null): Promise<void> {
    const { clock, sleep } = this.#parts;
    if (last !== null) this.#standing = last;
    const standing = this.#standing;
    const end = clock.now() + farewellTimeout;
    for (;;) {
      await this.#sending;
      const left = millis(end - clock.now());
      if (standing === null || !this.#hasNews(standing) || left <= 0) return;
      if (await this.#send(standing, left)) return;
      await sleep(millis(Math.min(farewellPause, Math.max(0, end - clock.now()))));
    }
  }

  #hasNews({ fence, progress, straggler }: Standing): boolean {
    const told = this.#told;
    return told?.fence !== fence || told.progress !== progress || told.straggler !== straggler;
  }

  /** Whether it was taken. */
  async #send(standing: Standing, timeout: Millis): Promise<boolean> {
    const { clock, metrics, min, post, runId, time, uid } = this.#parts;
    const { fence, progress, straggler } = standing;
    this.#sequence = fence === this.#fence ? this.#sequence + 1 : 1;
    this.#fence = fence;
    this.#triedAt = clock.now();
    const by = { uid, runId, fence, sequence: this.#sequence, time: time(), min, straggler };
    const posting = post(encodeJobReport(jobReportOf(progress, by)), timeout).then(
      () => true,
      (error: Error) => this.#complain(error),
    );
    this.#sending = posting.then(() => {
      this.#sending = null;
    });
    const taken = await posting;
    metrics.reports.inc({ result: taken ? 'taken' : 'failed' });
    if (!taken) return false;
    if (this.#isFailing) this.#parts.log.info({}, 'reports of the run are taken again');
    this.#isFailing = false;
    this.#told = standing;
    return true;
  }

  /** Once for each time that it begins to fail. */
  #complain(error: Error): false {
    if (!this.#isFailing) {
      const text = `Cannot report the run to LOCKSTEP_REPORT_URL: ${error.message}: the run goes on`;
      this.#parts.log.warn({}, text);
    }
    this.#isFailing = true;
    return false;
  }
}
