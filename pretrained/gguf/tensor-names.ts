/** GGUF's names of a Llama's tensors in Hugging Face's. */
const whole: Readonly<Record<string, string>> = {
  'token_embd.weight': 'model.embed_tokens.weight',
  'output_norm.weight': 'model.norm.weight',
  'output.weight': 'lm_head.weight',
};

const ofLayer: Readonly<Record<string, string>> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};

/** A name that is not in the lists stays as it is, for whoever refuses it. */
export function huggingFaceName(name: string): string {
  const layer = /^blk\.(\d+)\.([a-z_]+)\.(weight|bias)$/.exec(name);
  if (layer === null) return whole[name] ?? name;
  const [, index, part, kind] = layer as unknown as [string, string, string, string];
  const theirs = ofLayer[part];
  return theirs === undefined ? name : `model.layers.${index}.${theirs}.${kind}`;
}

/** Of the queries or keys: the parameters whose rows `llama` files keep in another order. */
export const isTurned = (name: string): boolean =>
  /\.self_attn\.[qk]_proj\.(weight|bias)$/.test(name);
