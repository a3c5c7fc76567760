import { userCache } from '../../storage/user-cache.js';
import { type Catalogue, openCatalogue } from '../../worker/inference/catalogue.js';
import { openKeptBlocks } from '../../worker/inference/kept-blocks.js';
import type { TrainedModel } from '../../worker/inference/trained-model.js';
import type { Stages } from './with-stages.js';

/** The embeddings of the catalogue: those that an earlier command has left, and the others computed. */
export const openRunCatalogue = (trained: TrainedModel, stages: Stages): Promise<Catalogue> =>
  openCatalogue(trained, {
    openBlocks: () => openKeptBlocks(trained, userCache(), new Date(), stages.note),
    onProgress: (fraction) => stages.progress('encode the catalogue', fraction),
  });
