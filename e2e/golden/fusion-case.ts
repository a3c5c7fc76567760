/**
 * A case of the discriminative format: a configuration, initial weights, and one step's histories,
 * targets and negatives. What came out elsewhere is not read here.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { decodeSafetensors, type SafetensorsTensor } from '../../shared/safetensors.js';
import { decoder } from './golden-case.js';

const items = z.array(z.int().nonnegative());

const configuration = z.object({
  fusion: z.enum(['early', 'late']),
  item_llm: decoder,
  user_llm: decoder,
  max_text_length: z.int().positive(),
  item_emb_token: z.boolean().default(true),
  generative_weight: z.number().nonnegative(),
  nce_threshold: z.number(),
  /** Token ids of each item's text. */
  items: z.array(z.array(z.int().nonnegative())),
  /** Items of each user, oldest first. */
  histories: z.array(items),
  targets: z.array(items),
  labels: z.array(z.array(z.number().min(0).max(1))),
  /** Of all users, with repeats. */
  negatives: items,
});

export type FusionConfiguration = z.infer<typeof configuration>;

export interface FusionCase {
  readonly configuration: FusionConfiguration;
  readonly weights: ReadonlyMap<string, SafetensorsTensor>;
}

/** Whether a case is of this format. @param prefix path of its files, without their endings. */
export const isFusionCase = (prefix: string): boolean =>
  'fusion' in JSON.parse(readFileSync(`${prefix}.json`, 'utf8'));

/** @param prefix path of the case's files, without their endings. */
export const readFusionCase = (prefix: string): FusionCase => ({
  configuration: configuration.parse(JSON.parse(readFileSync(`${prefix}.json`, 'utf8'))),
  weights: decodeSafetensors(readFileSync(`${prefix}.weights.safetensors`)),
});
