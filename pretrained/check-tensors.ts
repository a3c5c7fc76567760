/** Whether a model's tensors are those that its settings ask for: each once, of its shape, no others. */
import type { PretrainedConfig } from './pretrained-config.js';
import { UnsupportedError } from './pretrained-error.js';
import type { SourceTensor } from './tensor-source.js';

/** What a language model has besides its decoder: no hidden state depends on it. */
const isWithoutEffect = (name: string): boolean =>
  // Written by old versions of transformers; computed from the settings since.
  /^model\.layers\.\d+\.self_attn\.rotary_emb\.inv_freq$/.test(name);

/** @throws UnsupportedError naming the tensor that is missing, unknown or of another shape */
export function checkTensors(tensors: readonly SourceTensor[], config: PretrainedConfig): void {
  const expected = expectedShapes(config);
  const missing = new Set(expected.keys());
  missing.delete(outputName);
  for (const { name, shape } of tensors) {
    const wanted = expected.get(name);
    if (wanted === undefined && isWithoutEffect(name)) continue;
    if (wanted === undefined) {
      throw new UnsupportedError(
        `its tensor "${name}" is not known, and would be left out of what the model computes`,
      );
    }
    if (wanted.join() !== shape.join()) {
      throw new UnsupportedError(
        `its tensor "${name}" has the shape [${shape.join(', ')}]: its settings ask for [${wanted.join(', ')}]`,
      );
    }
    missing.delete(name);
  }
  const [first] = missing;
  if (first !== undefined) throw new UnsupportedError(`its tensor "${first}" is missing`);
}

export const outputName = 'lm_head.weight';
export const embeddingName = 'model.embed_tokens.weight';

/** By Hugging Face's names; matrices are [out, in]. */
function expectedShapes({
  decoder,
  vocabularySize,
}: PretrainedConfig): Map<string, readonly number[]> {
  const { hiddenSize, intermediateSize, headSize, attentionBias } = decoder;
  const queries = decoder.heads * headSize;
  const keys = decoder.keyValueHeads * headSize;
  const layer: Readonly<Record<string, readonly number[]>> = {
    'input_layernorm.weight': [hiddenSize],
    'self_attn.q_proj.weight': [queries, hiddenSize],
    'self_attn.k_proj.weight': [keys, hiddenSize],
    'self_attn.v_proj.weight': [keys, hiddenSize],
    'self_attn.o_proj.weight': [hiddenSize, queries],
    'post_attention_layernorm.weight': [hiddenSize],
    'mlp.gate_proj.weight': [intermediateSize, hiddenSize],
    'mlp.up_proj.weight': [intermediateSize, hiddenSize],
    'mlp.down_proj.weight': [hiddenSize, intermediateSize],
    ...(attentionBias !== undefined && {
      'self_attn.q_proj.bias': [queries],
      'self_attn.k_proj.bias': [keys],
      'self_attn.v_proj.bias': [keys],
    }),
    ...(attentionBias === 'qkvo' && { 'self_attn.o_proj.bias': [hiddenSize] }),
    ...(decoder.queryKeyNorm === true && {
      'self_attn.q_norm.weight': [headSize],
      'self_attn.k_norm.weight': [headSize],
    }),
  };
  const shapes = new Map<string, readonly number[]>([
    [embeddingName, [vocabularySize, hiddenSize]],
    [outputName, [vocabularySize, hiddenSize]],
    ['model.norm.weight', [hiddenSize]],
  ]);
  for (let index = 0; index < decoder.layers; index++) {
    for (const [part, shape] of Object.entries(layer)) {
      shapes.set(`model.layers.${index}.${part}`, shape);
    }
  }
  return shapes;
}
