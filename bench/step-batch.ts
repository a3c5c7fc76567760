/** A batch of the step benchmark: `NAME.json` has the shapes, `NAME.safetensors` the data. */
import { readFileSync } from 'node:fs';
import { lane, step } from '../shared/ids.js';
import type { LanePlan, LaneTargets } from '../shared/plan/lane-plan.js';
import { decodeSafetensors } from '../shared/safetensors.js';
import type { DecoderConfig, ModelConfig } from '../worker/model/model-config.js';
import type { StepShapes } from '../worker/model/step-flops.js';

export interface StepBatch {
  readonly name: string;
  readonly model: ModelConfig;
  readonly users: number;
  /** Tokens of all distinct items, [ITEM] tokens included. */
  readonly tokens: number;
  /** Token ids of the distinct items, CSR. */
  readonly itemTokenOffsets: Uint32Array;
  readonly itemTokens: Int32Array;
  readonly sequenceOffsets: Int32Array;
  /** Item numbers. */
  readonly sequenceItems: Int32Array;
  readonly negatives: Int32Array;
}

interface BatchFile {
  readonly name: string;
  readonly users: number;
  readonly vocab_size: number;
  readonly max_text_length: number;
  readonly item_llm: LlamaConfig;
  readonly user_llm: LlamaConfig;
}

interface LlamaConfig {
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly intermediate_size: number;
  readonly rms_norm_eps: number;
  readonly rope_theta: number;
}

/** @throws Error where a file is missing or lacks a tensor. */
export function readStepBatch(prefix: string): StepBatch {
  const file = JSON.parse(readFileSync(`${prefix}.json`, 'utf8')) as BatchFile;
  const tensors = decodeSafetensors(readFileSync(`${prefix}.safetensors`));
  const integers = (name: string): Int32Array => {
    const tensor = tensors.get(name);
    if (!(tensor?.data instanceof Int32Array)) {
      throw new Error(`Cannot read ${prefix}.safetensors: "${name}" must be an I32 tensor`);
    }
    return tensor.data;
  };
  const itemTokenOffsets = Uint32Array.from(integers('item_offsets'));
  const items = itemTokenOffsets.length - 1;
  return {
    name: file.name,
    users: file.users,
    tokens: (itemTokenOffsets[items] as number) + items,
    itemTokenOffsets,
    itemTokens: integers('item_tokens'),
    sequenceOffsets: integers('user_offsets'),
    sequenceItems: integers('user_items'),
    negatives: integers('negatives'),
    model: {
      item: decoderConfig(file.item_llm),
      user: decoderConfig(file.user_llm),
      vocabularySize: file.vocab_size,
      itemEmbedding: 'item-token',
      maxTextLength: file.max_text_length,
      falseNegatives: { kind: 'cosine', threshold: 0.99 },
      objective: { kind: 'generative' },
    },
  };
}

/** The whole batch as the plan of one lane. @param targets of each user; null without any. */
export function stepPlan(batch: StepBatch, at: number, targets = 0): LanePlan {
  const items = byLength(batch.itemTokenOffsets);
  const rowOf = new Int32Array(items.length);
  items.forEach((item, row) => {
    rowOf[item] = row;
  });
  const users = byLength(batch.sequenceOffsets);
  const sequenceOffsets = new Int32Array(users.length + 1);
  const sequenceRows = new Int32Array(batch.sequenceItems.length);
  users.forEach((user, index) => {
    const [start, end] = [batch.sequenceOffsets[user], batch.sequenceOffsets[user + 1]];
    const sequence = batch.sequenceItems.subarray(start, end);
    const first = sequenceOffsets[index] as number;
    sequenceRows.set(
      sequence.map((item) => rowOf[item] as number),
      first,
    );
    sequenceOffsets[index + 1] = first + sequence.length;
  });
  return {
    step: step(at),
    lane: lane(0),
    lanes: 1,
    items,
    itemLaneOffsets: Int32Array.of(0, items.length),
    negatives: batch.negatives.map((item) => rowOf[item] as number),
    users,
    sequenceOffsets,
    sequenceRows,
    lossScale: 1 / (batch.sequenceItems.length - users.length),
    targets: targets === 0 ? null : targetsOf(users.length, items.length, targets),
  };
}

/**
 * Items of the step, so that what is measured beside the generative step is what targets cost the user
 * model. The first of each user is wanted.
 */
function targetsOf(users: number, items: number, each: number): LaneTargets {
  const count = users * each;
  const spread = Math.max(1, Math.floor(items / count));
  return {
    offsets: Int32Array.from({ length: users + 1 }, (_, user) => user * each),
    rows: Int32Array.from({ length: count }, (_, target) => (target * spread) % items),
    labels: Float32Array.from({ length: count }, (_, target) => (target % each === 0 ? 1 : 0)),
    scale: 1 / count,
  };
}

/** What the step's work depends on. Texts longer than the model reads are cut. */
export function stepShapes(batch: StepBatch, fusion: StepShapes['fusion'] = null): StepShapes {
  const texts = lengths(batch.itemTokenOffsets);
  const sequences = lengths(batch.sequenceOffsets);
  return {
    textRows: texts.map((length) => Math.min(length, batch.model.maxTextLength) + 1),
    historyRows: sequences.map((length) => length - 1).filter((length) => length > 0),
    negatives: batch.negatives.length,
    fusion,
  };
}

const lengths = (offsets: Int32Array | Uint32Array): number[] =>
  Array.from(
    { length: offsets.length - 1 },
    (_, index) => (offsets[index + 1] as number) - (offsets[index] as number),
  );

/** Entries of a CSR list, shortest first, equal ones in their order. */
function byLength(offsets: Int32Array | Uint32Array): Int32Array {
  const length = lengths(offsets);
  return Int32Array.from(length, (_, index) => index).sort(
    (a, b) => (length[a] as number) - (length[b] as number) || a - b,
  );
}

const decoderConfig = (llama: LlamaConfig): DecoderConfig => ({
  hiddenSize: llama.hidden_size,
  layers: llama.num_hidden_layers,
  heads: llama.num_attention_heads,
  keyValueHeads: llama.num_key_value_heads,
  intermediateSize: llama.intermediate_size,
  normEps: llama.rms_norm_eps,
  ropeTheta: llama.rope_theta,
});
