/** How often each user was trained in an epoch: two bytes a user. */

/** Rows of a dataset beyond it are counted and not told apart: 32 MB are enough for a page. */
const usersMax = 16 * 1024 * 1024;

export class UserCounts {
  #counts = new Uint16Array(1024);
  #total = 0;

  /** Sequences. */
  get total(): number {
    return this.#total;
  }

  /** @returns how often it has been taken, with this time; 0 where it is not told apart */
  take(user: number): number {
    this.#total++;
    if (user >= usersMax) return 0;
    if (user >= this.#counts.length) this.#grow(user);
    const count = this.of(user) + 1;
    this.#counts[user] = count;
    return count;
  }

  of(user: number): number {
    return this.#counts[user] ?? 0;
  }

  /** Sequences that another epoch has trained and this one has not. */
  missing(other: UserCounts): number {
    let missing = 0;
    for (const [user, count] of other.#counts.entries()) {
      missing += Math.max(0, count - this.of(user));
    }
    return missing;
  }

  #grow(user: number): void {
    const grown = new Uint16Array(Math.min(usersMax, Math.max(user + 1, 2 * this.#counts.length)));
    grown.set(this.#counts);
    this.#counts = grown;
  }
}
