/** Watches for the beginning of a run, and for its end where nobody says it. One question at a time. */
import { BusAwayError, BusLostError, BusRefusedError } from '../../../shared/bus.js';
import { codeOf } from '../../../shared/exit-codes.js';
import { MalformedMessageError } from '../../../shared/messages/guard.js';
import { decodeClaim } from '../../../shared/run/claim.js';
import type { RunAddress } from '../../../shared/run/run-id.js';
import { claimKey, claimsBucket } from '../../../shared/subjects.js';
import { type Millis, millis } from '../../../shared/units.js';
import { leaverLook, logReadLimit, silenceLook } from '../situation/limits.js';
import type { WorkerEvent } from '../situation/worker-event.js';
import type { Known } from '../situation/worker-situation.js';
import { type FoundRun, findRun } from './find-run.js';
import { readLogEnd } from './log-end.js';
import type { WorkerControlParts } from './worker-parts.js';

export interface RunWatchParts
  extends Pick<WorkerControlParts, 'bus' | 'job' | 'log' | 'run' | 'tell'> {
  readonly onRun: (found: FoundRun) => void;
  readonly hear: (event: WorkerEvent) => void;
}

const isOfBus = (error: unknown): boolean =>
  error instanceof BusAwayError ||
  error instanceof BusLostError ||
  error instanceof BusRefusedError ||
  error instanceof MalformedMessageError;

export class RunWatch {
  readonly #parts: RunWatchParts;
  #found: FoundRun | null = null;
  #isAsking = false;
  #waitsFor: string | null = null;
  #lost: string | null = null;
  #askedAt: Millis = millis(0);
  /** Of a question to the log that is not answered yet. */
  #reading: AbortController | null = null;
  /** Of the claim on the run's name, when the log's end was doubted last; null before that. */
  #claimed: number | null = null;

  constructor(parts: RunWatchParts) {
    this.#parts = parts;
  }

  lookForRun(): void {
    if (this.#found === null) void this.#ask(() => this.#findRun());
  }

  /** Whoever was cut off when others went on without it, or the run ended, hears of it here. */
  lookIntoLog(
    now: Millis,
    { fence, heardAt, leavingSince }: Pick<Known, 'fence' | 'heardAt' | 'leavingSince'>,
  ): void {
    const run = this.#found?.run;
    if (now - this.#askedAt >= logReadLimit) this.#reading?.abort();
    const patience = leavingSince === null ? silenceLook : leaverLook;
    if (run === undefined || now - Math.max(heardAt, this.#askedAt) < patience) return;
    if (this.#isAsking) return;
    this.#askedAt = now;
    void this.#ask(async () => {
      try {
        this.#reading = new AbortController();
        const end = await readLogEnd(this.#parts.bus, run, this.#reading.signal);
        const isOpen = end.over !== null && fence === 0 && (await this.#isGoneOnWith(run));
        const over = isOpen ? null : end.over;
        this.#parts.hear({ kind: 'log-read', askedAt: now, end: { ...end, over } });
      } catch (error) {
        if (error instanceof BusRefusedError) this.#tellLost(error);
        throw error;
      } finally {
        this.#reading = null;
      }
    });
  }

  /**
   * Whoever has heard no leader yet may read how the execution before has ended, while a coordinator that goes on
   * with the run still opens its dataset: that one holds the claim, and renews it between two looks.
   */
  async #isGoneOnWith(run: RunAddress): Promise<boolean> {
    const values = await this.#parts.bus.findValues(claimsBucket);
    const claim = (await values?.get(claimKey(run))) ?? null;
    const before = this.#claimed;
    this.#claimed = claim?.revision ?? null;
    return claim !== null && decodeClaim(claim.data).run === run.run && claim.revision !== before;
  }

  /** Nobody leads, and how the run ended, if it has, cannot be known: said once for each reason. */
  #tellLost({ message }: BusRefusedError): void {
    if (message === this.#lost) return;
    this.#lost = message;
    const text = `nobody leads the run, and its log tells nothing: ${message}`;
    this.#parts.log.warn({}, text);
    this.#parts.tell({ kind: 'notice', text });
  }

  async #findRun(): Promise<void> {
    const { bus, job, onRun, run, tell } = this.#parts;
    const found = await findRun(bus, job, run);
    if (found.run !== null) {
      this.#found = found;
      tell({ kind: 'joined', run: found.run.run });
      onRun(found);
      return;
    }
    if (found.reason !== this.#waitsFor) tell({ kind: 'waiting', reason: found.reason });
    this.#waitsFor = found.reason;
  }

  async #ask(question: () => Promise<void>): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      await question();
    } catch (error) {
      if (!isOfBus(error)) throw error;
      // It may be away, or what is asked for gone: it is asked again.
      this.#parts.log.debug({ code: codeOf(error) }, (error as Error).message);
    } finally {
      this.#isAsking = false;
    }
  }
}
