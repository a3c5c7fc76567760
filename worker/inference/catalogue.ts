/**
 * The catalogue of a trained model: one embedding for each distinct text.
 *
 * Legend: D distinct texts, H hidden size.
 */
import { rank, step } from '../../shared/ids.js';
import { evenShares } from '../../shared/plan/lane-ownership.js';
import { openArithmetic } from '../arithmetic/open-arithmetic.js';
import { openExchange } from '../collective/open-exchange.js';
import { numberedTags } from '../collective/tag.js';
import { type TextGroups, textGroups } from '../evaluation/text-groups.js';
import type { Blocks } from '../training/item-cache/block-folder.js';
import { ItemCache } from '../training/item-cache/item-cache.js';
import type { TrainedModel } from './trained-model.js';

export interface Catalogue {
  /** As the user model reads them. [D * H] */
  readonly embeddings_DH: Float32Array;
  /** Which items read the same. */
  readonly groups: TextGroups;
}

export interface CatalogueOptions {
  /** What was encoded before is read from there; null keeps nothing. */
  readonly openBlocks: () => Promise<Blocks | null>;
  /** Hears which part of the texts is there, in [0, 1]. */
  readonly onProgress: (fraction: number) => void;
}

export async function openCatalogue(
  { dataset, model, checkpoint }: TrainedModel,
  { openBlocks, onProgress }: CatalogueOptions,
): Promise<Catalogue> {
  const cache = new ItemCache({
    dataset,
    model,
    openFolder: openBlocks,
    onProgress: (done, total) => {
      onProgress(done / total);
      // Computing keeps the process deaf: signals are heard between two blocks.
      return new Promise((resolve) => setImmediate(resolve));
    },
  });
  const alone = openExchange(null, {
    rank: rank(0),
    shares: evenShares(1, 1),
    arithmetic: openArithmetic(),
  });
  await cache.fill(alone, numberedTags(step(checkpoint.manifest.committedSteps), 'item-cache'));
  const embeddings_DH = await cache.matrix();
  return { embeddings_DH, groups: textGroups(dataset, model.config.maxTextLength) };
}
