/**
 * The pair that occurs most, equally frequent ones by their tokens. A binary heap of counts as they were when
 * they were pushed: one that has fallen since is found out when it is taken, and pushed again.
 */
import type { PairTable } from './pair-table.js';

export class PairQueue {
  readonly #pairs: number[] = [];
  readonly #counts: number[] = [];
  readonly #table: PairTable;

  constructor(table: PairTable) {
    this.#table = table;
  }

  push(pair: number): void {
    this.#pairs.push(pair);
    this.#counts.push(this.#table.count[pair]!);
    let at = this.#pairs.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** The most frequent pair of at least `least` occurrences, or -1. */
  pop(least: number): number {
    while (this.#pairs.length > 0) {
      const [pair, counted] = [this.#pairs[0]!, this.#counts[0]!];
      this.#removeFirst();
      const count = this.#table.count[pair]!;
      if (count < least) continue;
      if (count === counted) return pair;
      this.push(pair);
    }
    return -1;
  }

  #removeFirst(): void {
    const [pair, count] = [this.#pairs.pop()!, this.#counts.pop()!];
    const length = this.#pairs.length;
    if (length === 0) return;
    this.#pairs[0] = pair;
    this.#counts[0] = count;
    for (let at = 0, child = 1; child < length; at = child, child = 2 * at + 1) {
      if (child + 1 < length && this.#isBefore(child + 1, child)) child++;
      if (!this.#isBefore(child, at)) break;
      this.#swap(at, child);
    }
  }

  #isBefore(a: number, b: number): boolean {
    if (this.#counts[a] !== this.#counts[b]) return this.#counts[a]! > this.#counts[b]!;
    const { left, right } = this.#table;
    const [x, y] = [this.#pairs[a]!, this.#pairs[b]!];
    return left[x] === left[y] ? right[x]! < right[y]! : left[x]! < left[y]!;
  }

  #swap(a: number, b: number): void {
    const [pair, count] = [this.#pairs[a]!, this.#counts[a]!];
    this.#pairs[a] = this.#pairs[b]!;
    this.#counts[a] = this.#counts[b]!;
    this.#pairs[b] = pair;
    this.#counts[b] = count;
  }
}
