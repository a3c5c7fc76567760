/**
 * The catalogue of a trained model: one embedding for each distinct text.
 *
 * Legend: D distinct texts, H hidden size.
 */
import { rank, step } from '../../shared/ids.js';
import { openArithmetic } from '../arithmetic/open-arithmetic.js';
import { openExchange } from '../collective/open-exchange.js';
import { encodeCatalogue } from '../evaluation/encode-catalogue.js';
import { type TextGroups, textGroups } from '../evaluation/text-groups.js';
import type { TrainedModel } from './trained-model.js';

export interface Catalogue {
  /** As the user model reads them. [D * H] */
  readonly embeddings_DH: Float32Array;
  /** Which items read the same. */
  readonly groups: TextGroups;
}

/** @param onProgress hears which part of the texts is encoded, in [0, 1] */
export async function openCatalogue(
  { job, dataset, model, checkpoint }: TrainedModel,
  onProgress: (fraction: number) => void,
): Promise<Catalogue> {
  const groups = textGroups(dataset, model.config.maxTextLength);
  const { representatives } = groups;
  const exchange = openExchange(null, { rank: rank(0), size: 1, arithmetic: openArithmetic() });
  // The same batches as in an evaluation of the run, and so the same bits.
  const parts = { dataset, model, exchange, lanes: job.spec.lanes };
  const tag = { step: step(checkpoint.manifest.committedSteps), phase: 'catalogue', part: 0 };
  const embeddings_DH = await encodeCatalogue(parts, representatives, tag, (encoded) => {
    onProgress(encoded / representatives.length);
    // Computing keeps the process deaf: signals are heard between two batches.
    return new Promise((resolve) => setImmediate(resolve));
  });
  onProgress(1);
  return { embeddings_DH, groups };
}
