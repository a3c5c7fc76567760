/**
 * Ranks of held-out items among the whole catalogue, with each user's history masked: what the
 * user has had is not recommended, so it stands before nothing. An item that is held out although
 * the history has it cannot be found; HLLM counts that as a miss, and so does this.
 */
export interface RankQuestion {
  /** Item numbers that are masked; repeats are allowed. */
  readonly history: ArrayLike<number>;
  /** The held-out item. */
  readonly target: number;
}

/** Marks a user's history without clearing the marks of the user before. */
class HistoryMask {
  readonly #stamps: Uint32Array;
  #stamp = 0;

  constructor(items: number) {
    this.#stamps = new Uint32Array(items);
  }

  /** Calls `visit` once for every distinct item; whether `target` is among them. */
  mark(history: ArrayLike<number>, target: number, visit: (item: number) => void): boolean {
    const stamps = this.#stamps;
    const stamp = ++this.#stamp;
    for (let i = 0; i < history.length; i++) {
      const item = history[i]!;
      if (stamps[item] === stamp) continue;
      stamps[item] = stamp;
      visit(item);
    }
    return stamps[target] === stamp;
  }
}

export class CatalogueRanker {
  readonly #items: number;
  readonly #mask: HistoryMask;

  /** @param items size of the catalogue */
  constructor(items: number) {
    this.#items = items;
    this.#mask = new HistoryMask(items);
  }

  /**
   * The rank of the target, 0 is the first. An item with the target's own score counts as better:
   * a model that gives every item one score is no good, and must not look so.
   *
   * @param scores one for every item; higher is better. [items]
   * @throws RangeError where a score is NaN, since NaN compares as worse than everything
   */
  rank(scores: ArrayLike<number>, { history, target }: RankQuestion): number {
    const wanted = scores[target]!;
    let atLeast = 0;
    let below = 0;
    for (let item = 0; item < this.#items; item++) {
      const score = scores[item]!;
      if (score >= wanted) atLeast++;
      else if (score < wanted) below++;
    }
    if (atLeast + below !== this.#items) {
      throw new RangeError(
        `Cannot rank item ${target}: a score is NaN or missing: there should be ${this.#items} numbers`,
      );
    }
    const masked = this.#mask.mark(history, target, (item) => {
      if (scores[item]! >= wanted) atLeast--;
    });
    return masked ? this.#items : atLeast - 1;
  }

  /**
   * The same in a fixed order of the catalogue that everybody is shown.
   *
   * @param positions the place of each item in the order, 0 is the first. [items]
   */
  rankInOrder(positions: Int32Array, { history, target }: RankQuestion): number {
    const place = positions[target]!;
    let rank = place;
    const masked = this.#mask.mark(history, target, (item) => {
      if (positions[item]! < place) rank--;
    });
    return masked ? this.#items : rank;
  }
}
