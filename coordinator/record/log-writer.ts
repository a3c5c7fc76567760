/**
 * Appends to the run's log, one entry behind the other, each with the end of the log that it expects:
 * whoever is told that the end is another one has been deposed. An entry whose answer was lost is
 * appended again until the answer is known.
 */
import { BusAwayError, type BusLog } from '../../shared/bus.js';
import {
  encodeLogEntry,
  type Happening,
  type LogEntry,
} from '../../shared/messages/cluster/log-entry.js';

export interface LogWriterParts {
  readonly log: BusLog;
  /** Sequence of the newest entry that the log has. */
  readonly last: number;
  readonly fence: number;
  /** ISO 8601. */
  readonly time: () => string;
  readonly onStored: (entry: LogEntry, sequence: number) => void;
  readonly onDeposed: (reason: string) => void;
  readonly onFailure: (error: Error) => void;
}

export class LogWriter {
  readonly #parts: LogWriterParts;
  readonly #waiting: { readonly entry: LogEntry; readonly data: Uint8Array }[] = [];
  #last: number;
  #appending = false;
  #closed = false;

  constructor(parts: LogWriterParts) {
    this.#parts = parts;
    this.#last = parts.last;
  }

  /** Sequence of the newest entry that is known to be stored. */
  get last(): number {
    return this.#last;
  }

  get isFlushed(): boolean {
    return this.#waiting.length === 0;
  }

  /** @returns the entry, and the sequence that it will have. */
  append(happening: Happening): { readonly entry: LogEntry; readonly sequence: number } {
    const { fence, time } = this.#parts;
    const entry = { fence, time: time(), entry: happening };
    this.#waiting.push({ entry, data: encodeLogEntry(entry) });
    const sequence = this.#last + this.#waiting.length;
    this.tick();
    return { entry, sequence };
  }

  /** Goes on where the bus had been away. */
  tick(): void {
    if (!this.#appending && !this.#closed && this.#waiting.length > 0) void this.#run();
  }

  close(): void {
    this.#closed = true;
  }

  async #run(): Promise<void> {
    this.#appending = true;
    try {
      for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
        const sequence = await this.#parts.log.append(next.data, this.#last);
        if (this.#closed) return;
        if (sequence === null) {
          this.#closed = true;
          this.#parts.onDeposed('someone else has appended to the log of the run');
          return;
        }
        this.#last = sequence;
        this.#waiting.shift();
        this.#parts.onStored(next.entry, sequence);
      }
    } catch (error) {
      if (!(error instanceof BusAwayError) && !this.#closed) {
        this.#closed = true;
        this.#parts.onFailure(error as Error);
      }
    } finally {
      this.#appending = false;
    }
  }
}
