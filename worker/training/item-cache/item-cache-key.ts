/** What the embeddings of frozen items depend on, as one digest. */
import { createHash } from 'node:crypto';
import type { Dataset } from '../../../dataset/dataset.js';
import { canonicalJson } from '../../../shared/job-spec/job-digest.js';
import type { TrainingJob } from '../../../shared/job-spec/job-spec.js';
import { weightsDigest } from '../../checkpoint/weights-digest.js';
import type { Engine } from '../../engine/engine.js';
import type { ModelConfig } from '../../model/model-config.js';
import { towerOf } from '../../model/parameters/what-trains.js';
import type { TrainingState } from '../../state/training-state.js';

/** Raised whenever the same inputs give other blocks. */
const version = 1;

export interface ItemCacheKeyParts {
  readonly dataset: Pick<Dataset, 'digest'>;
  readonly engine: Pick<Engine, 'name' | 'version' | 'device'>;
  readonly job: TrainingJob;
  readonly config: ModelConfig;
  readonly state: TrainingState;
}

/** SHA-256 (hex). */
export async function itemCacheKey({ state, ...parts }: ItemCacheKeyParts): Promise<string> {
  return itemCacheKeyOf(
    parts,
    await weightsDigest(state, (parameter) => towerOf(parameter) === 'item'),
  );
}

/** @param weights a digest of the weights, of more than the Item LLM's too */
export function itemCacheKeyOf(parts: Omit<ItemCacheKeyParts, 'state'>, weights: string): string {
  const { dataset, engine, job, config } = parts;
  const { item, itemEmbedding, maxTextLength } = config;
  const { name, version: engineVersion, device } = engine;
  const { train: _, ...tower } = job.spec.model.item;
  const { threads, precision, mode } = job.spec.engine;
  const inputs = {
    version,
    dataset: dataset.digest,
    model: { item, tower, itemEmbedding, maxTextLength },
    engine: { name, engineVersion, device, threads, precision, mode },
    weights,
  };
  return createHash('sha256').update(canonicalJson(inputs)).digest('hex');
}
