/**
 * The baseline that knows nobody: every user is shown the items in the order of how often they
 * occur in training, without those of the own history. Equally frequent items stand in the order
 * of their numbers.
 */

import type { Dataset } from '../../dataset/dataset.js';
import {
  type EvaluationSplit,
  evaluatedUsers,
  evaluationCase,
  trainingCounts,
} from '../../dataset/training-view.js';
import { CatalogueRanker } from './catalogue-rank.js';
import { type RankingMetrics, rankingMetrics } from './ranking-metrics.js';

type Sequences = Pick<Dataset, 'users' | 'items' | 'sequenceOffsets' | 'sequenceItems'>;

/** The place of every item, 0 is the most frequent. [items] */
export function popularityPositions(counts: Uint32Array): Int32Array {
  const order = Int32Array.from(counts, (_, item) => item);
  order.sort((a, b) => counts[b]! - counts[a]! || a - b);
  const positions = new Int32Array(order.length);
  order.forEach((item, place) => {
    positions[item] = place;
  });
  return positions;
}

export function evaluatePopularity(
  dataset: Sequences,
  split: EvaluationSplit,
  cutoffs: readonly number[],
): RankingMetrics {
  const positions = popularityPositions(trainingCounts(dataset));
  const ranker = new CatalogueRanker(dataset.items);
  const ranks = evaluatedUsers(dataset).map((user) =>
    ranker.rankInOrder(positions, evaluationCase(dataset, split, user)),
  );
  return rankingMetrics(ranks, cutoffs);
}
