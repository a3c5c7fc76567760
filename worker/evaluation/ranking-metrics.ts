/**
 * Metrics of rankings with one held-out item per user, as HLLM reports them (arXiv:2409.12740,
 * section 4.1). With one relevant item, Recall@K is the hit rate, NDCG@K of a hit at rank r (from 0)
 * is 1 / log2(r + 2), because the ideal ranking's DCG is 1, and the reciprocal rank is 1 / (r + 1).
 *
 * An item that shares its score with others counts by its expectation over their places (McSherry and
 * Najork, "Computing information retrieval performance measures efficiently in the presence of tied
 * scores", ECIR 2008): a model that gives all items one score is then as good as chance.
 */
import { missed, type Place } from './catalogue-rank.js';

export interface RankingMetrics {
  /** Users whose ranking counts. */
  readonly users: number;
  /** Of them, those whose held-out item shares its score with another item. */
  readonly tied: number;
  /** `recall@K` and `ndcg@K` for every cutoff, and `mrr` without one, in [0, 1]; means over users. */
  readonly values: Readonly<Record<string, number>>;
}

/** Floats of one user's place. */
export const placeFloats = 2;

/** Places as a flat vector, which members can exchange. [users * placeFloats] */
export type Places = Float32Array;

export function setPlace(places: Places, user: number, { better, tied }: Place): void {
  places[user * placeFloats] = better;
  places[user * placeFloats + 1] = tied;
}

/**
 * Summed in the order of the users, so that the same places give the same bits.
 *
 * @param cutoffs K, positive integers
 */
export function rankingMetrics(places: Places, cutoffs: readonly number[]): RankingMetrics {
  const users = places.length / placeFloats;
  const placeOf = (user: number): Place => ({
    better: places[user * placeFloats]!,
    tied: places[user * placeFloats + 1]!,
  });
  const mean = (gain: (place: Place) => number): number => {
    let sum = 0;
    for (let user = 0; user < users; user++) sum += gain(placeOf(user));
    return users === 0 ? 0 : sum / users;
  };
  const values: Record<string, number> = {};
  for (const cutoff of cutoffs) {
    values[`recall@${cutoff}`] = mean((place) => expectedHits(place, cutoff));
    values[`ndcg@${cutoff}`] = mean((place) => expectedGain(place, cutoff));
  }
  const reciprocals = new Reciprocals();
  values.mrr = mean((place) => reciprocals.expected(place));
  let tied = 0;
  for (let user = 0; user < users; user++) if (placeOf(user).tied > 1) tied++;
  return { users, tied, values };
}

const expectedHits = ({ better, tied }: Place, cutoff: number): number =>
  Math.min(tied, Math.max(0, cutoff - better)) / tied;

function expectedGain({ better, tied }: Place, cutoff: number): number {
  let gain = 0;
  for (let rank = better; rank < Math.min(better + tied, cutoff); rank++) {
    gain += 1 / Math.log2(rank + 2);
  }
  return gain / tied;
}

/** Sums of 1 / n are remembered: a collapsed model ties every user with the whole catalogue. */
class Reciprocals {
  /** sums[n] = 1 + 1/2 + ... + 1/n */
  readonly #sums = [0];

  expected({ better, tied }: Place): number {
    if (better === missed.better) return 0;
    if (tied === 1) return 1 / (better + 1);
    return (this.#sum(better + tied) - this.#sum(better)) / tied;
  }

  #sum(n: number): number {
    const sums = this.#sums;
    for (let next = sums.length; next <= n; next++) sums.push(sums[next - 1]! + 1 / next);
    return sums[n]!;
  }
}
