/**
 * Feeds one exporter from the history: reads what is new, sends it, and tries again while the other side is
 * away. Nothing here can fail the run or hold it up: all that it ever says is a warning, once.
 */
import {
  type Delivered,
  type ExportedLine,
  ExportRefusedError,
  type HistoryExporter,
} from '../history-exporter.js';
import { LineSource } from './line-source.js';
import { deliveredSteps, markDelivered, takeBack, undelivered } from './undelivered.js';

export interface ExportFeedOptions {
  readonly exporter: HistoryExporter;
  /** The history's path. */
  readonly history: string;
  readonly warn: (text: string) => void;
  /** Ends early when `signal` aborts. */
  readonly pause: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Lines of that time go together: a step may take milliseconds, and a request does too. */
const gatherMs = 1000;
const firstRetryMs = 1000;
const longestRetryMs = 60_000;

interface Piece {
  readonly lines: readonly ExportedLine[];
  /** Behind them. */
  readonly offset: number;
  /** There is more behind. */
  readonly hasMore: boolean;
}

type Turn = 'more' | 'done' | 'nothing';

export class ExportFeed {
  readonly #options: ExportFeedOptions;
  readonly #source: LineSource;
  /** Null until the other side has said what it has. */
  #delivered: Delivered | null = null;
  /**
   * What it had when the place was looked for: no line behind that is there already but for this. A step may have
   * two points of a curve, such as two recoveries, so the newest that was sent decides nothing.
   */
  #known: Delivered = new Map();
  /** Whoever has no account of its own: of the newest line that is there, or of the beginning. */
  #told: { readonly time: string; readonly isThere: boolean } | null = null;
  /** Null where it must be looked for: nothing is delivered yet, or the history was cut. */
  #offset: number | null = null;
  /** That the history was cut behind, since the place was looked for. */
  #firstStep = Number.POSITIVE_INFINITY;
  #begins = '';
  #failures = 0;
  #isResting = true;
  /** Lines have come since the last reading. */
  #isDirty = false;
  #notify: () => void = () => undefined;
  readonly #ending = new AbortController();
  readonly #over = new AbortController();
  #running: Promise<void> | null = null;

  constructor(options: ExportFeedOptions) {
    this.#options = options;
    this.#source = new LineSource(options.history);
  }

  /** From here on this process tells; lines before `time` were told by another one. @param time ISO 8601 */
  begin(time: string): void {
    if (!this.#isResting) return;
    this.#isResting = false;
    this.#begins = time;
    this.#delivered = null;
    this.#told = null;
    this.#offset = null;
    this.#running ??= this.#run();
    this.grown();
  }

  /** Another process tells. */
  rest(): void {
    this.#isResting = true;
  }

  /** The history has more lines. */
  grown(): void {
    this.#isDirty = true;
    this.#notify();
  }

  /** Steps behind this one were cut off the history, and are gone over again. */
  cut(firstStep: number): void {
    this.#firstStep = Math.min(firstStep, this.#firstStep);
    this.#offset = null;
    this.grown();
  }

  /** All lines are there: sends what is left, and gives up where `limit` is over first. */
  async finish(limit: Promise<void>): Promise<void> {
    if (this.#running === null) return;
    this.#ending.abort();
    this.grown();
    const isDone = this.#running.then(() => true);
    const isInTime = await Promise.race([isDone, limit.then(() => false)]);
    this.#over.abort();
    if (!isInTime && !this.#isResting)
      this.#warn('not all of the history is there', 'a resumed run delivers the rest');
  }

  async #run(): Promise<void> {
    while (!this.#over.signal.aborted) {
      const isEnding = this.#ending.signal.aborted;
      const turn = await this.#step();
      if (turn === 'more') continue;
      if (turn === 'done') {
        if (!isEnding) await this.#pause(gatherMs);
      } else if (this.#failures > 0) await this.#pause(isEnding ? firstRetryMs : this.#retryMs());
      else if (isEnding) return;
      else if (!this.#isDirty) await new Promise<void>((resolve) => (this.#notify = resolve));
    }
  }

  /** `nothing` where there is nothing to do, or it has failed. */
  async #step(): Promise<Turn> {
    if (this.#isResting) {
      this.#isDirty = false;
      return 'nothing';
    }
    try {
      const delivered = this.#delivered ?? (await this.#open());
      this.#isDirty = false;
      const piece = this.#read(delivered);
      if (piece === null) return 'nothing';
      if (piece.lines.length > 0) await this.#send(piece.lines, delivered);
      // Null: the history was cut meanwhile, and the place is another one.
      if (this.#offset !== null) this.#offset = piece.offset;
      this.#failures = 0;
      return piece.hasMore ? 'more' : 'done';
    } catch (error) {
      this.#failures++;
      const { message } = error as Error;
      if (this.#failures === 1) this.#warn(message, 'the run goes on, and it is tried again');
      return 'nothing';
    }
  }

  async #open(): Promise<Delivered> {
    const delivered = await this.#options.exporter.open();
    if (delivered === null) this.#told = { time: this.#begins, isThere: false };
    this.#delivered = delivered ?? new Map();
    return this.#delivered;
  }

  /** What is next for the other side; null where there is nothing. */
  #read(delivered: Delivered): Piece | null {
    if (this.#offset === null) {
      this.#offset = this.#place(delivered);
      this.#known = new Map(delivered);
    }
    const { lines, offset, hasMore } = this.#source.read(this.#offset);
    if (offset === this.#offset) return null;
    const found = lines.flatMap((line) => undelivered(line, this.#known) ?? []);
    return { lines: found, offset, hasMore };
  }

  /** Behind what the other side has. */
  #place(delivered: Delivered): number {
    const firstStep = this.#firstStep;
    this.#firstStep = Number.POSITIVE_INFINITY;
    const told = this.#told;
    if (told !== null) {
      return this.#source.placeAfter(({ time }) =>
        told.isThere ? time <= told.time : time < told.time,
      );
    }
    this.#forget(delivered, firstStep);
    const steps = Math.min(firstStep, deliveredSteps(delivered));
    if (steps === 0) return 0;
    return this.#source.placeAfter(
      ({ kind, committed_steps }) => kind === 'committed' && committed_steps <= steps,
    );
  }

  #forget(delivered: Delivered, firstStep: number): void {
    if (this.#options.exporter.again === 'replaces') takeBack(delivered, firstStep);
  }

  async #send(lines: readonly ExportedLine[], delivered: Delivered): Promise<void> {
    try {
      await this.#options.exporter.send(lines);
    } catch (error) {
      if (!(error instanceof ExportRefusedError)) throw error;
      this.#warn(error.message, 'what was refused is left out');
    }
    markDelivered(lines, delivered);
    const time = lines.at(-1)?.line.time;
    if (this.#told !== null && time !== undefined) this.#told = { time, isThere: true };
  }

  #warn(what: string, consequence: string): void {
    this.#options.warn(`history.${this.#options.exporter.name}: ${what}: ${consequence}`);
  }

  #retryMs(): number {
    return Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(this.#failures - 1, 10));
  }

  /** The end of the run wakes it once. */
  #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#ending.signal.aborted ? this.#over : this.#ending;
    return this.#options.pause(milliseconds, signal);
  }
}
