/** Who has still to be trained in an epoch: a number a user, whatever the epoch's length. */

export type Taken = 'once' | 'again' | 'foreign';

type Counts = Uint8Array | Uint16Array | Uint32Array;

export class EpochUsers {
  readonly #counts: Counts;
  readonly #left: Counts;

  /** @param counts sequences of each user in an epoch. [users] */
  constructor(counts: Uint32Array) {
    this.#counts = narrowed(counts);
    this.#left = this.#counts.slice();
  }

  begin(): void {
    this.#left.set(this.#counts);
  }

  /** @param user a row of the dataset, if there is such a row */
  take(user: number): Taken {
    // A user without training sequences is as foreign as one that does not exist.
    if ((this.#counts[user] ?? 0) === 0) return 'foreign';
    const left = this.#left[user] as number;
    if (left === 0) return 'again';
    this.#left[user] = left - 1;
    return 'once';
  }

  /** Users of whom sequences are left, and the first of their rows. */
  missing(): { readonly count: number; readonly first: readonly number[] } {
    const first: number[] = [];
    let count = 0;
    for (let user = 0; user < this.#left.length; user++) {
      if (this.#left[user] === 0) continue;
      count++;
      if (first.length < 5) first.push(user);
    }
    return { count, first };
  }
}

/** Ten million users take twenty megabytes, and not eighty, where no history is cut into many windows. */
function narrowed(counts: Uint32Array): Counts {
  let most = 0;
  for (const count of counts) most = Math.max(most, count);
  if (most < 2 ** 8) return Uint8Array.from(counts);
  return most < 2 ** 16 ? Uint16Array.from(counts) : counts.slice();
}
