/**
 * The settings of a GGUF file -> what the model is. Source of the names: `gguf-py/gguf/constants.py`
 * of llama.cpp; Mistral's models are `llama` there.
 */

import { limits } from '../limits.js';
import type { PretrainedConfig, PretrainedDecoder, RopeScaling } from '../pretrained-config.js';
import { UnsupportedError } from '../pretrained-error.js';
import { Settings } from '../settings.js';
import type { GgufHeader } from './gguf-parser.js';

const architectures = ['llama', 'qwen2', 'qwen3'] as const;

/** @throws UnsupportedError naming the setting that cannot be followed */
export function ggufConfig({ settings, tensors }: GgufHeader): PretrainedConfig {
  const general = new Settings(settings, 'its settings');
  const family = architectures.find((known) => known === general.value('general.architecture'));
  if (family === undefined) {
    throw general.wrong('general.architecture', `one of ${architectures.join(', ')}`);
  }
  general.require('general.type', 'model');
  if (Number(general.value('split.count') ?? 1) > 1) {
    throw general.wrong('split.count', '1: the parts must be merged into one file first');
  }
  const names = new Set(tensors.map(({ name }) => name));
  const table = tensors.find(({ name }) => name === 'token_embd.weight');
  if (table === undefined) throw new UnsupportedError('its tensor "token_embd.weight" is missing');
  // Of other namespaces (general, tokenizer, ...) none changes a hidden state.
  const own = [...settings].filter(([name]) => name.startsWith(`${family}.`));
  const of = new Settings(
    own.map(([name, value]) => [name.slice(family.length + 1), value]),
    family,
  );
  const decoder = decoderOf(of, names, family === 'qwen3');
  const window = of.value('attention.sliding_window');
  of.require('expert_count', 0);
  of.require('expert_used_count', 0);
  of.require('attention.causal', true);
  of.ignore(['context_length', 'vocab_size', 'rope.scaling.finetuned']);
  of.finish();
  return {
    family,
    decoder,
    vocabularySize: table.dimensions[1] ?? 0,
    tied: !names.has('output.weight'),
    window: window === undefined ? null : of.integer('attention.sliding_window'),
  };
}

function decoderOf(
  of: Settings,
  names: ReadonlySet<string>,
  queryKeyNorm: boolean,
): PretrainedDecoder {
  const hiddenSize = of.integer('embedding_length');
  const heads = of.integer('attention.head_count');
  const headSize = of.integer('attention.key_length', hiddenSize / heads);
  of.require('attention.value_length', headSize);
  of.require('rope.dimension_count', headSize);
  const ropeScaling = scalingOf(of);
  const has = (part: string): boolean => names.has(`blk.0.${part}`);
  return {
    hiddenSize,
    layers: of.count('block_count', limits.layers),
    heads,
    headSize,
    keyValueHeads: of.integer('attention.head_count_kv', heads),
    intermediateSize: of.integer('feed_forward_length'),
    normEps: of.positive('attention.layer_norm_rms_epsilon'),
    ropeTheta: of.positive('rope.freq_base', 10_000),
    ...(ropeScaling !== null && { ropeScaling }),
    ...(has('attn_q.bias') && { attentionBias: has('attn_output.bias') ? 'qkvo' : 'qkv' }),
    ...(queryKeyNorm && { queryKeyNorm: true }),
  };
}

/** Llama 3's scaling is no setting here but a tensor: see rope-factors.ts. */
function scalingOf(of: Settings): RopeScaling | null {
  of.value('rope.scaling.original_context_length');
  const older = of.value('rope.scale_linear');
  const kind = of.value('rope.scaling.type') ?? (older === undefined ? 'none' : 'linear');
  if (kind === 'none') return null;
  if (kind !== 'linear') throw of.wrong('rope.scaling.type', 'none or linear');
  const factor = of.positive(
    of.has('rope.scaling.factor') ? 'rope.scaling.factor' : 'rope.scale_linear',
  );
  return { kind, factor };
}
