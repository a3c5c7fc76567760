/** The items with the highest scores, the highest first. */
export interface ScoredItem {
  readonly item: number;
  readonly score: number;
}

/**
 * Among equals the item with the lower number comes first.
 *
 * @param scores one for each group of items; higher is better. [groups]
 * @param groupOf the group of each item. [items]
 * @param isLeftOut items that are no answer
 * @throws RangeError where a score is NaN, since NaN compares as worse than everything
 */
export function topItems(
  scores: ArrayLike<number>,
  groupOf: Int32Array,
  top: number,
  isLeftOut: (item: number) => boolean,
): ScoredItem[] {
  const found: ScoredItem[] = [];
  for (let item = 0; item < groupOf.length; item++) {
    const score = scores[groupOf[item]!]!;
    if (!(score >= Number.NEGATIVE_INFINITY)) {
      throw new RangeError(
        `Cannot rank item ${item}: its score is ${score}: it should be a number`,
      );
    }
    const worst = found[top - 1];
    // Most items end here, so a short list in order costs less than sorting them all.
    if ((worst !== undefined && score <= worst.score) || isLeftOut(item)) continue;
    let place = found.length;
    while (place > 0 && found[place - 1]!.score < score) place--;
    found.splice(place, 0, { item, score });
    found.length = Math.min(found.length, top);
  }
  return found;
}
