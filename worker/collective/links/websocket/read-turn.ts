/**
 * Bytes that this thread reads, from all of its sockets, before it looks at its messages and timers. A
 * socket that never runs dry would be read for megabytes, and with several of them all others would have
 * to wait until all of it is added. Half as much costs some percent of the speed. A drop does not wait
 * for the end of a turn (../doorbell.ts).
 */
const turnBytes = 4 * 2 ** 20;

export class ReadTurn {
  #bytes = 0;
  #waiting: (() => void)[] = [];

  /** False where no more is to be read in this turn; `goOn` is then called in the next one. */
  take(bytes: number, goOn: () => void): boolean {
    if (this.#bytes === 0) setImmediate(() => this.#end());
    this.#bytes += bytes;
    if (this.#bytes < turnBytes) return true;
    this.#waiting.push(goOn);
    return false;
  }

  #end(): void {
    this.#bytes = 0;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const goOn of waiting) goOn();
  }
}

/** A thread has one turn at a time. */
export const readTurn = new ReadTurn();
