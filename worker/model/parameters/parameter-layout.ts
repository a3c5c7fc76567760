/**
 * Where each parameter lives in the one flat vector that is trained, reduced and checkpointed.
 * What trains is its beginning, in two sections, and what is frozen lies behind: gradients and
 * moments are as long as the trained prefix. The user section comes first: its gradients are ready,
 * and travel, while the Item LLM's backward still computes.
 */
import { type DecoderConfig, headSize, type ModelConfig } from '../model-config.js';
import {
  type AdapterTarget,
  adapterName,
  everythingTrains,
  isTrained,
  itemTokenName,
  type TowerTraining,
  type WhatTrains,
} from './what-trains.js';

export { itemTokenName } from './what-trains.js';

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

/** The parameters of every decoder layer, by the last part of their Hugging Face names. */
const commonParameters = {
  inputNorm: 'input_layernorm.weight',
  q: 'self_attn.q_proj.weight',
  k: 'self_attn.k_proj.weight',
  v: 'self_attn.v_proj.weight',
  o: 'self_attn.o_proj.weight',
  postNorm: 'post_attention_layernorm.weight',
  gate: 'mlp.gate_proj.weight',
  up: 'mlp.up_proj.weight',
  down: 'mlp.down_proj.weight',
} as const;

/** Those that only some families have. */
const variantParameters = {
  qBias: 'self_attn.q_proj.bias',
  kBias: 'self_attn.k_proj.bias',
  vBias: 'self_attn.v_proj.bias',
  oBias: 'self_attn.o_proj.bias',
  qNorm: 'self_attn.q_norm.weight',
  kNorm: 'self_attn.k_norm.weight',
} as const;

export const layerParameters = { ...commonParameters, ...variantParameters } as const;

export type CommonParameter = keyof typeof commonParameters;
export type VariantParameter = keyof typeof variantParameters;
export type LayerParameter = keyof typeof layerParameters;

export const layerParameterName = (llm: Llm, layer: number, parameter: LayerParameter): string =>
  `${llm}.model.layers.${layer}.${layerParameters[parameter]}`;

export type Llm = 'item_llm' | 'user_llm';

export const finalNormName = (llm: Llm): string => `${llm}.model.norm.weight`;
export const tokenEmbeddingName = 'item_llm.model.embed_tokens.weight';
export const logitScaleName = 'logit_scale';

/** A matrix that computes as `weight + scale * b a`. */
export interface Adapter {
  /** Names: [out, in], [rank, in], [out, rank]. */
  readonly weight: string;
  readonly a: string;
  readonly b: string;
  /** alpha / rank */
  readonly scale: number;
}

export class ParameterLayout {
  readonly entries: readonly ParameterEntry[];
  /** Of what trains. The objective's parameters are in the user section. */
  readonly sections: { readonly user: Section; readonly item: Section };
  /** Floats of what trains: the length of gradients and moments. */
  readonly trainedLength: number;
  /** Floats of the flat vector, gaps included. The gaps hold zeros. */
  readonly length: number;
  readonly trains: WhatTrains;
  readonly adapters: readonly Adapter[];
  readonly #adapters: ReadonlyMap<string, Adapter>;
  readonly #config: ModelConfig;
  readonly #objective: readonly NamedShape[];
  readonly #kept: readonly NamedShape[];
  readonly #byName: ReadonlyMap<string, ParameterEntry>;

  /**
   * @param objective parameters of the objective, which join the user section.
   * @param kept parameters that the model has no use for, and others of the same job have: frozen.
   */
  constructor(
    config: ModelConfig,
    objective: readonly NamedShape[],
    trains: WhatTrains = everythingTrains,
    kept: readonly NamedShape[] = [],
  ) {
    const entries: ParameterEntry[] = [];
    const add = (parameters: readonly NamedShape[]): Section => {
      const start = endOf(entries);
      for (const [name, shape] of parameters) {
        const size = shape.reduce((product, extent) => product * extent, 1);
        entries.push({ name, shape, offset: endOf(entries), size });
      }
      return { start, end: endOf(entries) };
    };
    const layers = { item: config.item.layers, user: config.user.layers };
    const trained = ([name]: NamedShape): boolean => isTrained(name, trains, layers);
    const frozen = (shape: NamedShape): boolean => !trained(shape);
    const user = [...userShapes(config, trains.user), ...objective];
    const item = itemShapes(config, trains.item);
    this.sections = { user: add(user.filter(trained)), item: add(item.filter(trained)) };
    this.trainedLength = endOf(entries);
    add([...user.filter(frozen), ...kept, ...item.filter(frozen)]);
    this.entries = entries;
    this.length = endOf(entries);
    this.trains = trains;
    this.adapters = [
      ...adaptersOf('user_llm', config.user, trains.user),
      ...adaptersOf('item_llm', config.item, trains.item),
    ];
    this.#adapters = new Map(this.adapters.map((adapter) => [adapter.weight, adapter]));
    this.#config = config;
    this.#objective = objective;
    this.#kept = kept;
    this.#byName = new Map(entries.map((entry) => [entry.name, entry]));
  }

  /** The same model where something else trains. */
  training(trains: WhatTrains): ParameterLayout {
    return new ParameterLayout(this.#config, this.#objective, trains, this.#kept);
  }

  /** Whether an update moves the parameter; false for one that the model has not. */
  isTrained(name: string): boolean {
    const entry = this.#byName.get(name);
    return entry !== undefined && entry.offset < this.trainedLength;
  }

  /** That of a matrix; null where it has none. */
  adapterOf(weight: string): Adapter | null {
    return this.#adapters.get(weight) ?? null;
  }

  /** Whether a backward must find the parameter's gradient: it trains, or an adapter of it does. */
  wantsGradient(name: string): boolean {
    return this.isTrained(name) || this.#adapters.has(name);
  }

  /** Whether anything of the tower trains. */
  trainsTower(tower: keyof WhatTrains): boolean {
    return this.trains[tower].kind !== 'nothing';
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

/** A parameter's name, and its extents. */
export type NamedShape = readonly [name: string, shape: readonly number[]];

function endOf(entries: readonly ParameterEntry[]): number {
  const last = entries.at(-1);
  return last === undefined ? 0 : Math.ceil((last.offset + last.size) / alignment) * alignment;
}

const userShapes = (config: ModelConfig, training: TowerTraining): NamedShape[] => [
  ...decoderShapes('user_llm', config.user),
  ...adapterShapes('user_llm', config.user, training),
];

function itemShapes(config: ModelConfig, training: TowerTraining): NamedShape[] {
  const { hiddenSize } = config.item;
  const token: NamedShape[] =
    config.itemEmbedding === 'item-token' ? [[itemTokenName, [1, 1, hiddenSize]]] : [];
  return [
    [tokenEmbeddingName, [config.vocabularySize, hiddenSize]],
    ...token,
    ...decoderShapes('item_llm', config.item),
    ...adapterShapes('item_llm', config.item, training),
  ];
}

function adapterShapes(llm: Llm, config: DecoderConfig, training: TowerTraining): NamedShape[] {
  if (training.kind !== 'lora') return [];
  const shapes = layerShapes(config);
  return adapted(config, training.targets).flatMap(([layer, target]): NamedShape[] => {
    const [rowsOut, rowsIn] = shapes[target] as readonly [number, number];
    const weight = layerParameterName(llm, layer, target);
    return [
      [adapterName(weight, 'A'), [training.rank, rowsIn]],
      [adapterName(weight, 'B'), [rowsOut, training.rank]],
    ];
  });
}

function adaptersOf(llm: Llm, config: DecoderConfig, training: TowerTraining): Adapter[] {
  if (training.kind !== 'lora') return [];
  return adapted(config, training.targets).map(([layer, target]) => {
    const weight = layerParameterName(llm, layer, target);
    const [a, b] = [adapterName(weight, 'A'), adapterName(weight, 'B')];
    return { weight, a, b, scale: training.alpha / training.rank };
  });
}

/** In the order of the layer, whatever that of the job. */
function adapted(
  { layers }: DecoderConfig,
  targets: readonly AdapterTarget[],
): [layer: number, target: AdapterTarget][] {
  const ordered = Object.keys(layerParameters).filter((name): name is AdapterTarget =>
    targets.some((target) => target === name),
  );
  return Array.from({ length: layers }, (_, layer) => layer).flatMap((layer) =>
    ordered.map((target): [number, AdapterTarget] => [layer, target]),
  );
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

type LayerShapes = Readonly<Record<CommonParameter, readonly number[]>> &
  Readonly<Partial<Record<VariantParameter, readonly number[]>>>;

/** Matrices are [out, in], as in Hugging Face. */
function layerShapes(config: DecoderConfig): LayerShapes {
  const { hiddenSize, intermediateSize, attentionBias } = config;
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
    ...(attentionBias !== undefined && { qBias: [queries], kBias: [keys], vBias: [keys] }),
    ...(attentionBias === 'qkvo' && { oBias: [hiddenSize] }),
    ...(config.queryKeyNorm === true && { qNorm: [headSize(config)], kNorm: [headSize(config)] }),
  };
}
