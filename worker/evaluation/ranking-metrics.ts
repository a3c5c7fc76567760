/**
 * Metrics of rankings with one held-out item per user, as HLLM reports them (arXiv:2409.12740,
 * section 4.1). With one relevant item, Recall@K is the hit rate, and NDCG@K of a hit at rank r
 * (from 0) is 1 / log2(r + 2), because the ideal ranking's DCG is 1.
 */
export interface RankingMetrics {
  readonly users: number;
  /** `recall@K` and `ndcg@K` for every cutoff, in [0, 1]; the mean over users. */
  readonly values: Readonly<Record<string, number>>;
}

/**
 * Summed in the order of the users, so that the same ranks give the same bits.
 *
 * @param ranks rank of each user's held-out item, 0 is the first. [users]
 * @param cutoffs K, positive integers
 */
export function rankingMetrics(
  ranks: ArrayLike<number>,
  cutoffs: readonly number[],
): RankingMetrics {
  const values: Record<string, number> = {};
  const users = ranks.length;
  for (const cutoff of cutoffs) {
    let [hits, gain] = [0, 0];
    for (let user = 0; user < users; user++) {
      const rank = ranks[user]!;
      if (rank >= cutoff) continue;
      hits++;
      gain += 1 / Math.log2(rank + 2);
    }
    values[`recall@${cutoff}`] = users === 0 ? 0 : hits / users;
    values[`ndcg@${cutoff}`] = users === 0 ? 0 : gain / users;
  }
  return { users, values };
}
