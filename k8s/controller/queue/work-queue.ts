/**
 * Keys that want attention. A key is with one worker at a time; asked for meanwhile, it comes again right
 * after. Many wishes for one key are one, and of several later times the soonest counts.
 */
import { type BackoffLimits, backoff } from './backoff.js';

export interface Timers {
  /** @returns how to call it off */
  after(milliseconds: number, run: () => void): () => void;
}

export const systemTimers: Timers = {
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};

export interface WorkQueueOptions {
  /** Handles a key; what it throws is a failure, after which the key comes again. */
  readonly handle: (key: string) => Promise<void>;
  readonly onFailure: (key: string, error: unknown, failures: number) => void;
  readonly parallel: number;
  readonly limits: BackoffLimits;
  readonly timers: Timers;
  readonly random: () => number;
  /** A clock for due times, in milliseconds. */
  readonly now: () => number;
}

/**
 * Whoever wants to be looked at later than this is looked at sooner as well: timers of Node end at once where
 * they are told to wait for more than 24 days, and a job may live for years after its end.
 */
export const longestWait = 3_600_000;

interface Later {
  readonly at: number;
  readonly cancel: () => void;
}

export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #waiting = new Set<string>();
  readonly #working = new Set<string>();
  readonly #again = new Set<string>();
  readonly #later = new Map<string, Later>();
  readonly #failures = new Map<string, number>();
  #isClosed = false;
  #idle: (() => void) | null = null;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Keys that wait for a worker, and those that failed and wait for their time are not among them. */
  get depth(): number {
    return this.#waiting.size + this.#again.size;
  }

  get isIdle(): boolean {
    return this.depth === 0 && this.#working.size === 0;
  }

  add(key: string): void {
    if (this.#isClosed) return;
    if (this.#working.has(key)) {
      this.#again.add(key);
      return;
    }
    this.#waiting.add(key);
    this.#pump();
  }

  addAfter(key: string, wished: number): void {
    if (this.#isClosed) return;
    const milliseconds = Math.min(wished, longestWait);
    const at = this.#options.now() + milliseconds;
    const old = this.#later.get(key);
    if (old !== undefined && old.at <= at) return;
    old?.cancel();
    const cancel = this.#options.timers.after(milliseconds, () => {
      this.#later.delete(key);
      this.add(key);
    });
    this.#later.set(key, { at, cancel });
  }

  /** Takes nothing new. @returns when what is under way is done */
  close(): Promise<void> {
    this.#isClosed = true;
    for (const { cancel } of this.#later.values()) cancel();
    this.#later.clear();
    this.#waiting.clear();
    this.#again.clear();
    if (this.#working.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  #pump(): void {
    for (const key of this.#waiting) {
      if (this.#working.size >= this.#options.parallel) return;
      this.#waiting.delete(key);
      this.#working.add(key);
      void this.#work(key);
    }
  }

  async #work(key: string): Promise<void> {
    // It is looked at now: a wish for a later look that was made before is answered. A failure is not.
    if (!this.#failures.has(key)) this.#forget(key);
    try {
      await this.#options.handle(key);
      this.#failures.delete(key);
    } catch (error) {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      this.#options.onFailure(key, error, failures);
      this.#forget(key);
      this.addAfter(key, backoff(failures, this.#options.limits, this.#options.random()));
    }
    this.#working.delete(key);
    if (this.#again.delete(key) && !this.#isClosed) this.#waiting.add(key);
    if (this.#isClosed && this.#working.size === 0) this.#idle?.();
    this.#pump();
  }

  #forget(key: string): void {
    this.#later.get(key)?.cancel();
    this.#later.delete(key);
  }
}
