/**
 * A decoder as the `config.json` of Hugging Face's transformers. Llama says most of it; biases of queries,
 * keys and values alone are Qwen2's, norms of queries and keys are Qwen3's.
 */
import { type DecoderConfig, headSize, type RopeScaling } from '../model-config.js';

export interface HuggingFaceSizes {
  /** Rows of the embedding table. */
  readonly vocabularySize: number;
  /** Positions that are used. */
  readonly positions: number;
}

interface Family {
  readonly model_type: 'llama' | 'qwen2' | 'qwen3';
  readonly architectures: readonly string[];
  readonly attention_bias?: boolean;
  readonly mlp_bias?: boolean;
}

/** The names are transformers'. */
export function huggingFaceConfig(
  decoder: DecoderConfig,
  { vocabularySize, positions }: HuggingFaceSizes,
): object {
  const { ropeScaling } = decoder;
  return {
    ...familyOf(decoder),
    vocab_size: vocabularySize,
    hidden_size: decoder.hiddenSize,
    intermediate_size: decoder.intermediateSize,
    num_hidden_layers: decoder.layers,
    num_attention_heads: decoder.heads,
    num_key_value_heads: decoder.keyValueHeads,
    head_dim: headSize(decoder),
    hidden_act: 'silu',
    max_position_embeddings: Math.max(positions, stretched(ropeScaling)),
    rms_norm_eps: decoder.normEps,
    rope_theta: decoder.ropeTheta,
    rope_scaling: ropeScaling === undefined ? null : scaling(ropeScaling),
    // There is no output layer: the table stands for it where one is asked for.
    tie_word_embeddings: true,
    bos_token_id: null,
    eos_token_id: null,
    pad_token_id: null,
    torch_dtype: 'float32',
  };
}

/** Whether the family has a bias of the output projection, of which the decoder may have none. */
export const hasOutputBias = ({ attentionBias, queryKeyNorm }: DecoderConfig): boolean =>
  attentionBias === 'qkvo' || (attentionBias === 'qkv' && queryKeyNorm === true);

function familyOf(decoder: DecoderConfig): Family {
  if (decoder.queryKeyNorm === true) {
    return {
      model_type: 'qwen3',
      architectures: ['Qwen3ForCausalLM'],
      attention_bias: decoder.attentionBias !== undefined,
    };
  }
  if (decoder.attentionBias === 'qkv') {
    return { model_type: 'qwen2', architectures: ['Qwen2ForCausalLM'] };
  }
  return {
    model_type: 'llama',
    architectures: ['LlamaForCausalLM'],
    attention_bias: decoder.attentionBias === 'qkvo',
    mlp_bias: false,
  };
}

function scaling(given: RopeScaling): object {
  if (given.kind === 'linear') return { rope_type: 'linear', factor: given.factor };
  return {
    rope_type: 'llama3',
    factor: given.factor,
    low_freq_factor: given.lowFrequencyFactor,
    high_freq_factor: given.highFrequencyFactor,
    original_max_position_embeddings: given.originalContext,
  };
}

/** A model that was stretched over fewer positions than it had before is taken for a mistake. */
const stretched = (given: RopeScaling | undefined): number =>
  given?.kind === 'llama3' ? Math.ceil(given.originalContext * given.factor) : 0;
