/**
 * What comes next after a history: the user model reads it, and items are ranked by the cosine of their
 * embeddings with its prediction, as in an evaluation. Where the objective reads labels, the best by
 * cosine are ranked anew by the probability that the user takes them.
 *
 * Legend: D distinct texts, H hidden size, U histories of a batch.
 */
import { matMul, type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { generativeWeight } from '../../shared/job-spec/sections/objective.js';
import { unitRows } from '../evaluation/unit-rows.js';
import type { Catalogue } from './catalogue.js';
import { readHistories } from './read-histories.js';
import { takingProbabilities } from './taking-probabilities.js';
import { type ScoredItem, topItems } from './top-items.js';
import type { TrainedModel } from './trained-model.js';

export interface RecommendationOptions {
  readonly top: number;
  /** Whether items of the history may be recommended again. */
  readonly repeats: boolean;
  /** The best by cosine, so many, are ranked by probability; of no effect where nothing else ranks. */
  readonly candidates: number;
}

/** What a ranking is by. */
export type RankedBy = 'cosine' | 'probability';

export interface RecommendedItem extends ScoredItem {
  /** Null where nothing trains the cosines: the objective has labels alone. */
  readonly cosine: number | null;
}

export class Recommender {
  readonly #trained: TrainedModel;
  readonly #catalogue: Catalogue;
  /** On the engine. */
  readonly #unit_DH: Tensor2D;

  constructor(trained: TrainedModel, catalogue: Catalogue) {
    const { hiddenSize } = trained.model;
    const texts = catalogue.groups.representatives.length;
    this.#trained = trained;
    this.#catalogue = catalogue;
    this.#unit_DH = tensor2d(unitRows(catalogue.embeddings_DH, hiddenSize), [texts, hiddenSize]);
  }

  /** By a probability where the objective is trained to give one. */
  get rankedBy(): RankedBy {
    return this.#trained.job.spec.objective.kind === 'generative' ? 'cosine' : 'probability';
  }

  /**
   * The best items for each history.
   *
   * @param histories item numbers in the order of time, one at least; the newest `maxLength` are read,
   *   all are masked. At most `historiesOfBatch`
   */
  recommend(histories: readonly Int32Array[], options: RecommendationOptions): RecommendedItem[][] {
    const { groups } = this.#catalogue;
    const texts = groups.representatives.length;
    const { order, predictions_UH } = readHistories(this.#trained, this.#catalogue, histories);
    const cosines_UD = this.#cosines(predictions_UH, histories.length);
    const answers = new Array<RecommendedItem[]>(histories.length);
    order.forEach((index, at) => {
      const history = histories[index] as Int32Array;
      const had = new Set(options.repeats ? [] : history);
      const isLeftOut = (item: number): boolean => had.has(item);
      const cosines = cosines_UD.subarray(at * texts, (at + 1) * texts);
      answers[index] =
        this.rankedBy === 'probability'
          ? this.#byProbability(history, cosines, options, isLeftOut)
          : topItems(cosines, groups.groupOf, options.top, isLeftOut).map((item) => ({
              ...item,
              cosine: item.score,
            }));
    });
    return answers;
  }

  #byProbability(
    history: Int32Array,
    cosines: Float32Array,
    { top, candidates: most }: RecommendationOptions,
    isLeftOut: (item: number) => boolean,
  ): RecommendedItem[] {
    const { groupOf } = this.#catalogue.groups;
    const ranked = generativeWeight(this.#trained.job.spec.objective) > 0;
    const candidates = ranked
      ? topItems(cosines, groupOf, most, isLeftOut).map(({ item }) => groupOf[item])
      : cosines.keys();
    const texts = Int32Array.from(new Set(candidates as Iterable<number>));
    const found = takingProbabilities(this.#trained, this.#catalogue, history, texts);
    const scores = new Float32Array(cosines.length).fill(Number.NEGATIVE_INFINITY);
    texts.forEach((text, at) => {
      scores[text] = found[at] as number;
    });
    const isNoCandidate = (item: number): boolean =>
      scores[groupOf[item] as number] === Number.NEGATIVE_INFINITY || isLeftOut(item);
    return topItems(scores, groupOf, top, isNoCandidate).map(({ item, score }) => ({
      ...{ item, score },
      cosine: ranked ? (cosines[groupOf[item] as number] as number) : null,
    }));
  }

  dispose(): void {
    this.#unit_DH.dispose();
  }

  #cosines(predictions_UH: Float32Array, users: number): Float32Array {
    const { hiddenSize } = this.#trained.model;
    const units_UH = unitRows(predictions_UH, hiddenSize);
    return tidy(() =>
      matMul(
        tensor2d(units_UH, [users, hiddenSize]),
        this.#unit_DH,
        false,
        true,
      ).dataSync<'float32'>(),
    );
  }
}
