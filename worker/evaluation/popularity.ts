/**
 * The baseline that knows nobody: every user is shown the items in the order of how often they
 * occur in training, without those of the own history. Equally frequent items share their places.
 */
import type { Dataset } from '../../dataset/dataset.js';
import { evaluationCase, trainingCounts } from '../../dataset/training-view.js';
import { CatalogueRanker, type Place, singleItems } from './catalogue-rank.js';
import { countedPlace, type Questions, type Repeats } from './questions.js';
import { placeFloats, type RankingMetrics, rankingMetrics, setPlace } from './ranking-metrics.js';

type Sequences = Pick<Dataset, 'users' | 'items' | 'sequenceOffsets' | 'sequenceItems'>;

export function evaluatePopularity(
  dataset: Sequences,
  { split, users }: Questions,
  { cutoffs, repeats }: { readonly cutoffs: readonly number[]; readonly repeats: Repeats },
): RankingMetrics {
  const counts = trainingCounts(dataset);
  const placeOf = placesByCount(counts);
  const ranker = new CatalogueRanker(singleItems(dataset.items));
  const places = new Float32Array(users.length * placeFloats);
  users.forEach((user, index) => {
    const question = evaluationCase(dataset, split, user);
    const unmasked = placeOf.get(counts[question.target]!)!;
    const place = ranker.withoutHistory(unmasked, counts, question);
    setPlace(places, index, countedPlace(question, place, repeats));
  });
  return rankingMetrics(places, cutoffs);
}

/** The place among the whole catalogue of an item that occurs so many times. */
function placesByCount(counts: Uint32Array): ReadonlyMap<number, Place> {
  const places = new Map<number, Place>();
  const ascending = counts.slice().sort();
  for (let end = ascending.length; end > 0; ) {
    const count = ascending[end - 1]!;
    const start = ascending.indexOf(count);
    places.set(count, { better: ascending.length - end, tied: end - start });
    end = start;
  }
  return places;
}
