/**
 * A case of the golden format: a configuration, initial weights and the batches of some steps, as
 * the HLLM reference reads them. What the reference made of them is not read here.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { decodeSafetensors, type SafetensorsTensor } from '../../shared/safetensors.js';

export const decoder = z.object({
  vocab_size: z.int().positive(),
  rms_norm_eps: z.number().positive(),
  rope_theta: z.number().positive(),
  hidden_size: z.int().positive(),
  num_hidden_layers: z.int().positive(),
  num_attention_heads: z.int().positive(),
  num_key_value_heads: z.int().positive(),
  intermediate_size: z.int().positive(),
});

const configuration = z.object({
  item_llm: decoder,
  user_llm: decoder,
  world_size: z.int().positive(),
  users_per_rank: z.int().positive(),
  item_list_length: z.int().positive(),
  max_text_length: z.int().positive(),
  item_emb_token: z.boolean(),
  nce_threshold: z.number(),
  optimizer: z.object({
    name: z.literal('AdamW'),
    lr: z.number(),
    betas: z.tuple([z.number(), z.number()]),
    eps: z.number(),
    weight_decay: z.number(),
    clip_grad_norm: z.number().positive(),
    schedule: z.enum(['constant', 'constant_with_warmup', 'linear', 'cosine']),
    warmup_steps: z.int().nonnegative(),
    total_steps: z.int().positive(),
  }),
  /** Token ids of each item's text. */
  items: z.array(z.array(z.int().nonnegative())),
});

export type GoldenConfiguration = z.infer<typeof configuration>;
export type GoldenDecoder = z.infer<typeof decoder>;

/** What one rank trains on in one step. */
export interface GoldenBatch {
  /** Items of each user, oldest first, without padding. */
  readonly sequences: readonly (readonly number[])[];
  /** Negatives of all its users, with repeats. */
  readonly negatives: readonly number[];
}

export interface GoldenCase {
  readonly configuration: GoldenConfiguration;
  readonly weights: ReadonlyMap<string, SafetensorsTensor>;
  /** batches[step][rank] */
  readonly batches: readonly (readonly GoldenBatch[])[];
}

/** @param prefix path of the case's files, without their endings. */
export function readGoldenCase(prefix: string): GoldenCase {
  const parsed = configuration.parse(JSON.parse(readFileSync(`${prefix}.json`, 'utf8')));
  const tensors = decodeSafetensors(readFileSync(`${prefix}.batches.safetensors`));
  return {
    configuration: parsed,
    weights: decodeSafetensors(readFileSync(`${prefix}.weights.safetensors`)),
    batches: readBatches(parsed, tensors),
  };
}

function readBatches(
  configuration: GoldenConfiguration,
  tensors: ReadonlyMap<string, SafetensorsTensor>,
): GoldenBatch[][] {
  const steps: GoldenBatch[][] = [];
  const group = (step: number): string => (step === 0 ? 'batch' : `step${step}`);
  while (tensors.has(`rank0.${group(steps.length)}.attention_mask`)) {
    const name = group(steps.length);
    steps.push(
      Array.from({ length: configuration.world_size }, (_, rank) =>
        readBatch(configuration, (field) => integers(tensors, `rank${rank}.${name}.${field}`)),
      ),
    );
  }
  return steps;
}

function readBatch(
  { users_per_rank: users, item_list_length: inputs }: GoldenConfiguration,
  field: (name: string) => number[],
): GoldenBatch {
  const items = field('pos_item_ids');
  const mask = field('attention_mask');
  const sequences = Array.from({ length: users }, (_, user) => {
    const padding = mask.slice(user * inputs, (user + 1) * inputs).lastIndexOf(0) + 1;
    return items.slice(user * (inputs + 1) + padding, (user + 1) * (inputs + 1));
  });
  return { sequences, negatives: field('neg_item_ids') };
}

function integers(tensors: ReadonlyMap<string, SafetensorsTensor>, name: string): number[] {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new RangeError(`Cannot read the case: it has no "${name}"`);
  return Array.from(tensor.data, Number);
}
