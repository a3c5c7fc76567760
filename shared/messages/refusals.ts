import { refusalExamples } from '../limits.js';

/**
 * Counts refused messages and says which of them deserve a line in the log: the first few of each
 * reason, then every tenfold. Whoever may send a million malformed messages must not fill the disk.
 */
export class Refusals {
  /** By reason: a stable word of ours, so there are few. */
  readonly #counts = new Map<string, number>();

  /** The number of the refusal among its kind where it deserves a line, else null. */
  take(reason: string): number | null {
    const count = (this.#counts.get(reason) ?? 0) + 1;
    this.#counts.set(reason, count);
    return count <= refusalExamples || isPowerOfTen(count) ? count : null;
  }
}

function isPowerOfTen(count: number): boolean {
  let power = 1;
  while (power < count) power *= 10;
  return power === count;
}
