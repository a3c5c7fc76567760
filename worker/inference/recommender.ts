/**
 * What comes next after a history: the user model reads it, and items are ranked by the cosine of their
 * embeddings with its prediction, as in an evaluation.
 *
 * Legend: D distinct texts, H hidden size, U histories of a batch.
 */
import { matMul, type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { unitRows } from '../evaluation/unit-rows.js';
import type { Catalogue } from './catalogue.js';
import { readHistories } from './read-histories.js';
import { type ScoredItem, topItems } from './top-items.js';
import type { TrainedModel } from './trained-model.js';

export interface RecommendationOptions {
  readonly top: number;
  /** Whether items of the history may be recommended again. */
  readonly repeats: boolean;
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

  /**
   * The best items for each history.
   *
   * @param histories item numbers in the order of time, one at least; the newest `maxLength` are read,
   *   all are masked. At most `historiesOfBatch`
   */
  recommend(
    histories: readonly Int32Array[],
    { top, repeats }: RecommendationOptions,
  ): ScoredItem[][] {
    const { groupOf, representatives } = this.#catalogue.groups;
    const { order, predictions_UH } = readHistories(this.#trained, this.#catalogue, histories);
    const cosines_UD = this.#cosines(predictions_UH, histories.length);
    const answers = new Array<ScoredItem[]>(histories.length);
    order.forEach((index, at) => {
      const had = new Set(repeats ? [] : histories[index]);
      const texts = representatives.length;
      const cosines = cosines_UD.subarray(at * texts, (at + 1) * texts);
      answers[index] = topItems(cosines, groupOf, top, (item) => had.has(item));
    });
    return answers;
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
