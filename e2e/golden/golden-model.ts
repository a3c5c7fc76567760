/** The model and the optimizer that a case describes, and its weights as a flat vector. */
import type { SafetensorsTensor } from '../../shared/safetensors.js';
import type { DecoderConfig, ModelConfig } from '../../worker/model/model-config.js';
import type { ParameterLayout } from '../../worker/model/parameters/parameter-layout.js';
import type { OptimizerSettings } from '../../worker/training/optimizer/optimizer.js';
import type { FusionCase } from './fusion-case.js';
import type { GoldenConfiguration, GoldenDecoder } from './golden-case.js';

export const goldenModel = (configuration: GoldenConfiguration): ModelConfig => ({
  item: decoderConfig(configuration.item_llm),
  user: decoderConfig(configuration.user_llm),
  vocabularySize: configuration.item_llm.vocab_size,
  itemEmbedding: configuration.item_emb_token ? 'item-token' : 'mean',
  maxTextLength: configuration.max_text_length,
  falseNegatives: { kind: 'cosine', threshold: configuration.nce_threshold },
  objective: { kind: 'generative' },
});

export const fusionModel = ({ configuration }: FusionCase): ModelConfig => ({
  item: decoderConfig(configuration.item_llm),
  user: decoderConfig(configuration.user_llm),
  vocabularySize: configuration.item_llm.vocab_size,
  itemEmbedding: configuration.item_emb_token ? 'item-token' : 'mean',
  maxTextLength: configuration.max_text_length,
  falseNegatives: { kind: 'cosine', threshold: configuration.nce_threshold },
  objective: {
    kind: configuration.fusion === 'early' ? 'early-fusion' : 'late-fusion',
    generativeWeight: configuration.generative_weight,
  },
});

const decoderConfig = (llm: GoldenDecoder): DecoderConfig => ({
  hiddenSize: llm.hidden_size,
  layers: llm.num_hidden_layers,
  heads: llm.num_attention_heads,
  keyValueHeads: llm.num_key_value_heads,
  intermediateSize: llm.intermediate_size,
  normEps: llm.rms_norm_eps,
  ropeTheta: llm.rope_theta,
});

export function goldenOptimizer({ optimizer }: GoldenConfiguration): OptimizerSettings {
  // As in Hugging Face, `constant` knows no warm-up; `constant_with_warmup` is another schedule.
  const warmupSteps = optimizer.schedule === 'constant' ? 0 : optimizer.warmup_steps;
  const kind = optimizer.schedule === 'constant_with_warmup' ? 'constant' : optimizer.schedule;
  return {
    learningRate: optimizer.lr,
    schedule: { kind, warmupSteps, totalSteps: optimizer.total_steps, finalFraction: 0 },
    beta1: optimizer.betas[0],
    beta2: optimizer.betas[1],
    eps: optimizer.eps,
    weightDecay: optimizer.weight_decay,
    clipGradNorm: optimizer.clip_grad_norm,
  };
}

export function flatWeights(
  layout: ParameterLayout,
  weights: ReadonlyMap<string, SafetensorsTensor>,
): Float32Array {
  const flat = new Float32Array(layout.length);
  for (const { name, size } of layout.entries) {
    const tensor = weights.get(name);
    if (!(tensor?.data instanceof Float32Array) || tensor.data.length !== size) {
      throw new RangeError(
        `Cannot load the case's weights: "${name}" must hold ${size} values of type F32`,
      );
    }
    layout.view(flat, name).set(tensor.data);
  }
  return flat;
}

/** The parameters of a flat vector by `prefix` and name, in the case's shapes. */
export function namedTensors(
  layout: ParameterLayout,
  flat: Float32Array,
  prefix: string,
): [string, SafetensorsTensor][] {
  return layout.entries.map(({ name, shape }) => [
    `${prefix}.${name}`,
    { dtype: 'F32', shape, data: layout.view(flat, name).slice() },
  ]);
}
