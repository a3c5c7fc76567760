import { packHistories } from '../evaluation/pack-histories.js';
import type { Catalogue } from './catalogue.js';
import type { TrainedModel } from './trained-model.js';

/** Bound of one batch: its activations and its scores must fit beside the weights. */
export const historiesOfBatch = 64;

export interface ReadHistories {
  /** Whose prediction each row is. [U] */
  readonly order: readonly number[];
  /** [U * H] */
  readonly predictions_UH: Float32Array;
}

/** @param histories item numbers, one at least; the newest `maxLength` of the job are read. [U] */
export function readHistories(
  { job, model }: TrainedModel,
  { groups, embeddings_DH }: Catalogue,
  histories: readonly Int32Array[],
): ReadHistories {
  const { maxLength } = job.spec.data.sequences;
  const { sequences, order } = packHistories(histories, groups.groupOf, maxLength);
  return { order, predictions_UH: model.readUsers(sequences, embeddings_DH) };
}
