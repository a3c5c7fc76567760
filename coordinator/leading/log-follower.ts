/** Follows a run's log and knows at any moment what it comes to: so a standby can lead at once. */
import type { BusLog, Reader } from '../../shared/bus.js';
import { decodeLogEntry, type LogEntry } from '../../shared/messages/cluster/log-entry.js';
import { MalformedMessageError } from '../../shared/messages/guard.js';
import { emptyRun, foldEntry, type RunState } from '../record/run-state.js';
import { foldProgress, type JobProgress, noProgress } from '../report/job-progress.js';

/** What else is made of the entries. */
export interface EntryReader {
  readonly add: (entry: LogEntry) => void;
  /** The log was removed and begun again: what follows is another account. */
  readonly restart: () => void;
}

export class LogFollower {
  readonly #log: BusLog;
  readonly #onMalformed: (reason: string, sequence: number) => void;
  readonly #also: EntryReader | null;
  #state: RunState = emptyRun;
  #progress: JobProgress = noProgress;
  #sequence = 0;
  #endedAt = 0;
  #reader: Reader | null = null;

  constructor(
    log: BusLog,
    onMalformed: (reason: string, sequence: number) => void,
    also: EntryReader | null = null,
  ) {
    this.#log = log;
    this.#onMalformed = onMalformed;
    this.#also = also;
  }

  get state(): RunState {
    return this.#state;
  }

  /** What whoever wants reports of the run is told of it. */
  get progress(): JobProgress {
    return this.#progress;
  }

  /** Of the newest entry that was read. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Sequence of the entry that ended the run; 0 while it goes on. */
  get endedAt(): number {
    return this.#state.end === null ? 0 : this.#endedAt;
  }

  /** @param onLost told where entries are gone that were still to be read */
  async open(onLost: (error: Error) => void): Promise<void> {
    this.#reader = await this.#log.read(1, (data, sequence) => this.#read(data, sequence));
    void this.#reader.ended.then((error) => {
      if (error !== null) onLost(error);
    });
  }

  close(): void {
    this.#reader?.close();
  }

  #read(data: Uint8Array, sequence: number): void {
    // A log that was removed and begun again is another account of the run.
    if (sequence <= this.#sequence) {
      [this.#state, this.#progress] = [emptyRun, noProgress];
      this.#also?.restart();
    }
    this.#sequence = sequence;
    try {
      const before = this.#state.end;
      const entry = decodeLogEntry(data);
      this.#state = foldEntry(this.#state, entry);
      this.#progress = foldProgress(this.#progress, entry);
      if (this.#state.end !== before) this.#endedAt = sequence;
      this.#also?.add(entry);
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      this.#onMalformed(error.reason, sequence);
    }
  }
}
