/** What this process remembers of jobs, by uid: reports, what was written where it may not read. */
import type { JobReport } from '../../../shared/messages/job-report.js';
import { isNewerReport } from '../../../shared/messages/job-report.js';
import type { Memory, ReceivedReport, WallTime } from '../reconcile/seen.js';
import { Repetitions } from './repetitions.js';

/**
 * Leaders report every five seconds. After so long without a word the numbers of leaderships may have begun anew:
 * of a job that was suspended for longer than NATS keeps its log, or whose NATS was made anew.
 */
const succeededFor = 60_000;

/** What is not watched is written again so often, give or take a fifth. */
const writtenAge = 600_000;

interface Entry {
  readonly written: Map<string, { readonly digest: string; readonly until: WallTime }>;
  accountAt: WallTime | null;
  isAccountRemoved: boolean;
  deletionSeenAt: WallTime | null;
  readonly repetitions: Repetitions;
  problem: string | null;
  report: ReceivedReport | null;
  statusAt: WallTime | null;
}

export class JobMemories {
  readonly #entries = new Map<string, Entry>();
  readonly #leadsSince: WallTime;
  readonly #random: () => number;

  constructor(leadsSince: WallTime, random: () => number) {
    this.#leadsSince = leadsSince;
    this.#random = random;
  }

  of(uid: string): Entry {
    const entry = this.#entries.get(uid) ?? {
      written: new Map(),
      accountAt: null,
      isAccountRemoved: false,
      deletionSeenAt: null,
      repetitions: new Repetitions(),
      problem: null,
      report: null,
      statusAt: null,
    };
    this.#entries.set(uid, entry);
    return entry;
  }

  forget(isThere: (uid: string) => boolean): void {
    for (const uid of this.#entries.keys()) if (!isThere(uid)) this.#entries.delete(uid);
  }

  memoryOf(uid: string, now: WallTime): Memory {
    const { accountAt, deletionSeenAt, isAccountRemoved, problem, written } = this.of(uid);
    const digests = [...written]
      .filter(([, { until }]) => now < until)
      .map(([kind, { digest }]) => [kind, digest]);
    return {
      written: Object.fromEntries(digests),
      accountAt,
      isAccountRemoved,
      deletionSeenAt,
      problem,
      leadsSince: this.#leadsSince,
    };
  }

  remember(uid: string, kind: string, digest: string, now: WallTime): void {
    // Not those of all jobs at once.
    const until = now + writtenAge * (0.8 + 0.4 * this.#random());
    this.of(uid).written.set(kind, { digest, until });
  }

  /** @returns whether it is news */
  takeReport(uid: string, report: JobReport, at: WallTime): boolean {
    const entry = this.of(uid);
    const last = entry.report;
    const isAnew =
      last !== null &&
      at - last.at >= succeededFor &&
      // Else it may be one of before that somebody has recorded.
      Date.parse(report.time) > Date.parse(last.report.time);
    if (!isNewerReport(report, isAnew ? null : (last?.report ?? null))) return false;
    entry.report = { report, at };
    return true;
  }
}
