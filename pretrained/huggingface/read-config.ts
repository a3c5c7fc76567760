/**
 * config.json of a Hugging Face folder -> what the model is. Source of the names, and of what holds where one
 * is left out: `configuration_{llama,mistral,qwen2,qwen3}.py` of `transformers`. What is not known is
 * refused: a setting that is passed over would give other numbers than the model's.
 */

import { limits } from '../limits.js';
import {
  type Family,
  families,
  type PretrainedConfig,
  type PretrainedDecoder,
  type RopeScaling,
} from '../pretrained-config.js';
import { Settings } from '../settings.js';

/** Settings of training, of generation and of the libraries around it: none changes a hidden state. */
const withoutEffect = [
  ...['architectures', 'torch_dtype', 'dtype', 'transformers_version', 'use_cache', 'vocab_size'],
  ...['bos_token_id', 'eos_token_id', 'pad_token_id', 'unk_token_id', 'initializer_range'],
  ...['max_position_embeddings', 'attention_dropout', 'is_llama_config', 'transformers.js_config'],
  ...['pretraining_tp', 'output_attentions', 'output_hidden_states', 'return_dict', 'torchscript'],
  ...['use_bfloat16', 'license', 'task_specific_params', 'id2label', 'label2id', 'problem_type'],
  ...['chunk_size_feed_forward', 'is_encoder_decoder', 'is_decoder', 'cross_attention_hidden_size'],
  ...['add_cross_attention', 'tie_encoder_decoder', 'finetuning_task', 'tokenizer_class', 'prefix'],
];

/** @throws UnsupportedError naming the setting that cannot be followed */
export function readConfig(json: Readonly<Record<string, unknown>>): PretrainedConfig {
  const entries = Object.entries(json).filter(([name]) => !name.startsWith('_'));
  const settings = new Settings(entries, 'config.json');
  const family = familyOf(settings);
  checkArchitectures(settings, family);
  if (settings.value('quantization_config') !== undefined) {
    throw settings.wrong(
      'quantization_config',
      'left out: quantised weights are read from GGUF only',
    );
  }
  settings.require('hidden_act', 'silu');
  settings.require('mlp_bias', false);
  settings.require('rope_interleaved', false);
  settings.require('use_mrope', false);
  settings.require('partial_rotary_factor', 1);
  const config: PretrainedConfig = {
    family,
    decoder: decoderOf(settings, family),
    vocabularySize: settings.integer('vocab_size'),
    tied: settings.boolean('tie_word_embeddings', false),
    window: windowOf(settings, family),
  };
  settings.ignore(withoutEffect);
  settings.finish();
  return config;
}

function familyOf(settings: Settings): Family {
  const type = settings.value('model_type');
  const family = families.find((known) => known === type);
  if (family === undefined) throw settings.wrong('model_type', `one of ${families.join(', ')}`);
  return family;
}

/** A model with another head than that of a language model has tensors that nobody would read. */
function checkArchitectures(settings: Settings, family: Family): void {
  const given = settings.value('architectures');
  if (given === undefined) return;
  const name = `${family[0]?.toUpperCase()}${family.slice(1)}`;
  const known = [`${name}ForCausalLM`, `${name}Model`];
  if (Array.isArray(given) && given.every((one) => known.includes(one))) return;
  throw settings.wrong('architectures', `of ${known.join(', ')}`);
}

function decoderOf(settings: Settings, family: Family): PretrainedDecoder {
  const hiddenSize = settings.integer('hidden_size');
  const heads = settings.integer('num_attention_heads');
  const headSize = settings.integer('head_dim', family === 'qwen3' ? 128 : hiddenSize / heads);
  const rope = ropeOf(settings);
  const attentionBias = biasOf(settings, family);
  return {
    hiddenSize,
    layers: settings.count('num_hidden_layers', limits.layers),
    heads,
    headSize,
    keyValueHeads: settings.integer('num_key_value_heads', family === 'llama' ? heads : undefined),
    intermediateSize: settings.integer('intermediate_size'),
    normEps: settings.positive('rms_norm_eps', 1e-6),
    ropeTheta: rope.theta,
    ...(rope.scaling !== null && { ropeScaling: rope.scaling }),
    ...(attentionBias !== null && { attentionBias }),
    ...(family === 'qwen3' && { queryKeyNorm: true }),
  };
}

function biasOf(settings: Settings, family: Family): 'qkv' | 'qkvo' | null {
  if (family === 'qwen2') return 'qkv';
  if (family === 'mistral') return null;
  return settings.boolean('attention_bias', false) ? 'qkvo' : null;
}

/** Since version 5, `rope_parameters` holds what `rope_theta` and `rope_scaling` did. */
function ropeOf(settings: Settings): { theta: number; scaling: RopeScaling | null } {
  const place = settings.has('rope_parameters') ? 'rope_parameters' : 'rope_scaling';
  const given = settings.value(place) ?? {};
  if (typeof given !== 'object') throw settings.wrong(place, 'a mapping');
  const rope = new Settings(Object.entries(given), `config.json, ${place}`);
  const theta = rope.has('rope_theta')
    ? rope.positive('rope_theta')
    : settings.positive('rope_theta', 10_000);
  const scaling = scalingOf(rope);
  rope.require('partial_rotary_factor', 1);
  rope.finish();
  return { theta, scaling };
}

function scalingOf(rope: Settings): RopeScaling | null {
  // Older files say `type`; some say both.
  const older = rope.value('type');
  const given = rope.value('rope_type') ?? older ?? 'default';
  const kind = given as 'default' | 'linear' | 'llama3';
  switch (kind) {
    case 'default':
      return null;
    case 'linear':
      return { kind, factor: rope.positive('factor') };
    case 'llama3':
      return {
        kind,
        factor: rope.positive('factor'),
        lowFrequencyFactor: rope.positive('low_freq_factor'),
        highFrequencyFactor: rope.positive('high_freq_factor'),
        originalContext: rope.integer('original_max_position_embeddings'),
      };
    default:
      throw rope.wrong(rope.has('rope_type') ? 'rope_type' : 'type', 'default, linear or llama3');
  }
}

/** Of attention that sees the newest positions only. */
function windowOf(settings: Settings, family: Family): number | null {
  const used = settings.boolean('use_sliding_window', family === 'mistral');
  const types = settings.value('layer_types');
  settings.value('max_window_layers');
  const known = ['full_attention', 'sliding_attention'];
  if (types !== undefined && !(Array.isArray(types) && types.every((one) => known.includes(one)))) {
    throw settings.wrong('layer_types', `of ${known.join(', ')}`);
  }
  const slides = Array.isArray(types) ? types.includes('sliding_attention') : used;
  // Mistral's own default holds where nothing is said; null says that there is none.
  const unsaid = family === 'mistral' && !settings.has('sliding_window') ? 4096 : undefined;
  const size = settings.value('sliding_window') ?? unsaid;
  if (!slides || size === undefined) return null;
  return settings.integer('sliding_window', unsaid);
}
