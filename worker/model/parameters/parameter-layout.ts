/**
 * Where each parameter lives in the one flat vector that is trained, reduced and checkpointed.
 * The user section comes first: its gradients are ready, and travel, while the Item LLM's backward
 * still computes.
 */
import { type DecoderConfig, headSize, type ModelConfig } from '../model-config.js';

export interface ParameterEntry {
  /** The name that Hugging Face's Llama and the HLLM reference give it. */
  readonly name: string;
  readonly shape: readonly number[];
  /** In floats, a multiple of `alignment`. */
  readonly offset: number;
  /** Product of `shape`, in floats. */
  readonly size: number;
}

/** In floats, `end` exclusive. */
export interface Section {
  readonly start: number;
  readonly end: number;
}

/** 64 bytes: a BLAS may add in another order where its operand starts off a cache line. */
const alignment = 16;

/** The parameters of one decoder layer, by the last part of their Hugging Face names. */
export const layerParameters = {
  inputNorm: 'input_layernorm',
  q: 'self_attn.q_proj',
  k: 'self_attn.k_proj',
  v: 'self_attn.v_proj',
  o: 'self_attn.o_proj',
  postNorm: 'post_attention_layernorm',
  gate: 'mlp.gate_proj',
  up: 'mlp.up_proj',
  down: 'mlp.down_proj',
} as const;

export type LayerParameter = keyof typeof layerParameters;

export const layerParameterName = (llm: Llm, layer: number, parameter: LayerParameter): string =>
  `${llm}.model.layers.${layer}.${layerParameters[parameter]}.weight`;

export type Llm = 'item_llm' | 'user_llm';

export const finalNormName = (llm: Llm): string => `${llm}.model.norm.weight`;
export const tokenEmbeddingName = 'item_llm.model.embed_tokens.weight';
export const itemTokenName = 'item_emb_tokens';
export const logitScaleName = 'logit_scale';

export class ParameterLayout {
  readonly entries: readonly ParameterEntry[];
  readonly sections: { readonly user: Section; readonly item: Section };
  /** Floats of the flat vector, gaps included. The gaps hold zeros. */
  readonly length: number;
  readonly #byName: ReadonlyMap<string, ParameterEntry>;

  constructor(config: ModelConfig) {
    const entries: ParameterEntry[] = [];
    const add = (parameters: readonly NamedShape[]): Section => {
      const start = endOf(entries);
      for (const [name, shape] of parameters) {
        const size = shape.reduce((product, extent) => product * extent, 1);
        entries.push({ name, shape, offset: endOf(entries), size });
      }
      return { start, end: endOf(entries) };
    };
    this.sections = { user: add(userShapes(config)), item: add(itemShapes(config)) };
    this.entries = entries;
    this.length = endOf(entries);
    this.#byName = new Map(entries.map((entry) => [entry.name, entry]));
  }

  /** @throws RangeError if the model has no parameter of that name. */
  entry(name: string): ParameterEntry {
    const entry = this.#byName.get(name);
    if (entry === undefined) {
      throw new RangeError(`Cannot find parameter "${name}": the model has none of that name`);
    }
    return entry;
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** The name of the parameter that holds float `offset`; for messages. */
  nameAt(offset: number): string {
    const entry = this.entries.find(
      (candidate) => candidate.offset <= offset && offset < candidate.offset + candidate.size,
    );
    return entry?.name ?? `the gap at float ${offset}`;
  }

  /** The part of a flat vector that belongs to `name`; a view. */
  view(flat: Float32Array, name: string): Float32Array {
    const { offset, size } = this.entry(name);
    return flat.subarray(offset, offset + size);
  }
}

type NamedShape = readonly [name: string, shape: readonly number[]];

function endOf(entries: readonly ParameterEntry[]): number {
  const last = entries.at(-1);
  return last === undefined ? 0 : Math.ceil((last.offset + last.size) / alignment) * alignment;
}

const userShapes = (config: ModelConfig): NamedShape[] => [
  ...decoderShapes('user_llm', config.user),
  [logitScaleName, []],
];

function itemShapes(config: ModelConfig): NamedShape[] {
  const { hiddenSize } = config.item;
  const token: NamedShape[] =
    config.itemEmbedding === 'item-token' ? [[itemTokenName, [1, 1, hiddenSize]]] : [];
  return [
    [tokenEmbeddingName, [config.vocabularySize, hiddenSize]],
    ...token,
    ...decoderShapes('item_llm', config.item),
  ];
}

function decoderShapes(llm: Llm, config: DecoderConfig): NamedShape[] {
  const shapes: NamedShape[] = [];
  for (let layer = 0; layer < config.layers; layer++) {
    for (const [parameter, shape] of Object.entries(layerShapes(config))) {
      shapes.push([layerParameterName(llm, layer, parameter as LayerParameter), shape]);
    }
  }
  return [...shapes, [finalNormName(llm), [config.hiddenSize]]];
}

/** Matrices are [out, in], as in Hugging Face. */
function layerShapes(config: DecoderConfig): Record<LayerParameter, readonly number[]> {
  const { hiddenSize, intermediateSize } = config;
  const queries = config.heads * headSize(config);
  const keys = config.keyValueHeads * headSize(config);
  return {
    inputNorm: [hiddenSize],
    q: [queries, hiddenSize],
    k: [keys, hiddenSize],
    v: [keys, hiddenSize],
    o: [hiddenSize, queries],
    postNorm: [hiddenSize],
    gate: [intermediateSize, hiddenSize],
    up: [intermediateSize, hiddenSize],
    down: [hiddenSize, intermediateSize],
  };
}
