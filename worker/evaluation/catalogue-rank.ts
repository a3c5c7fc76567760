/**
 * Where held-out items stand among the whole catalogue, with each user's history masked: what the
 * user has had is not recommended, so it stands before nothing.
 */
export interface RankQuestion {
  /** Item numbers that are masked, but for the target; repeats are allowed. */
  readonly history: ArrayLike<number>;
  /** The held-out item. */
  readonly target: number;
}

/**
 * The places of a ranking that a held-out item may have. Items of one score share their places: which
 * of them comes first is decided by nobody, so the held-out item has each with the same chance.
 */
export interface Place {
  /** Items with a higher score. */
  readonly better: number;
  /** Items with the target's own score, itself included. */
  readonly tied: number;
}

/** Of an item that cannot be found. */
export const missed: Place = { better: Number.POSITIVE_INFINITY, tied: 1 };

/** Items that have one score because a model cannot tell them apart. */
export interface ItemGroups {
  /** The group of each item. [items] */
  readonly groupOf: Int32Array;
  /** Items of each group. [groups] */
  readonly sizes: Int32Array;
}

/** Every item by itself. */
export const singleItems = (items: number): ItemGroups => ({
  groupOf: Int32Array.from({ length: items }, (_, item) => item),
  sizes: new Int32Array(items).fill(1),
});

export class CatalogueRanker {
  readonly #groups: ItemGroups;
  /** Marks a user's history without clearing the marks of the user before. */
  readonly #stamps: Uint32Array;
  #stamp = 0;

  constructor(groups: ItemGroups) {
    this.#groups = groups;
    this.#stamps = new Uint32Array(groups.groupOf.length);
  }

  /**
   * @param scores one for every group; higher is better. [groups]
   * @throws RangeError where a score is NaN, since NaN compares as worse than everything
   */
  place(scores: ArrayLike<number>, question: RankQuestion): Place {
    const { groupOf, sizes } = this.#groups;
    const { target } = question;
    const wanted = scores[groupOf[target]!]!;
    let [better, tied, worse] = [0, 0, 0];
    for (let group = 0; group < sizes.length; group++) {
      const score = scores[group]!;
      if (score > wanted) better += sizes[group]!;
      else if (score < wanted) worse += sizes[group]!;
      else if (score === wanted) tied += sizes[group]!;
    }
    if (better + tied + worse !== groupOf.length) {
      throw new RangeError(
        `Cannot rank item ${target}: a score is NaN or missing: there should be ${sizes.length} numbers`,
      );
    }
    return this.withoutHistory({ better, tied }, scores, question);
  }

  /** @param unmasked the target's place among the whole catalogue, by the same scores. */
  withoutHistory(
    unmasked: Place,
    scores: ArrayLike<number>,
    { history, target }: RankQuestion,
  ): Place {
    const { groupOf } = this.#groups;
    const wanted = scores[groupOf[target]!]!;
    let { better, tied } = unmasked;
    const stamps = this.#stamps;
    const stamp = ++this.#stamp;
    // The target may stand in the history; what is asked for is never masked.
    stamps[target] = stamp;
    for (let i = 0; i < history.length; i++) {
      const item = history[i]!;
      if (stamps[item] === stamp) continue;
      stamps[item] = stamp;
      const score = scores[groupOf[item]!]!;
      if (score > wanted) better--;
      else if (score === wanted) tied--;
    }
    return { better, tied };
  }
}
