/**
 * The parameters of a model under the names of others: those of the HLLM reference, and of transformers for
 * each of the two LLMs. Adapters are merged into their matrices, one matrix at a time, so that the model
 * is never in memory twice.
 *
 * Legend: V words, H hidden size.
 */
import type { DecoderConfig, ModelConfig } from '../model-config.js';
import { type FlatParameters, mergedWeight } from '../parameters/move-parameters.js';
import { itemTokenName, type Llm, tokenEmbeddingName } from '../parameters/parameter-layout.js';
import { adapterMatrix } from '../parameters/what-trains.js';
import { hasOutputBias } from './hugging-face-config.js';

export interface ExportedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Its numbers in order, in arrays that are valid until the next one is asked for. */
  values(): Iterable<Float32Array>;
}

/** The [USER] token of the objectives that have one. */
const userTokenName = 'user_emb_token';
const tableName = 'model.embed_tokens.weight';

/** Everything, under the names that the reference's state dict has. */
export const hllmTensors = (parameters: FlatParameters): ExportedTensor[] =>
  wholeEntries(parameters).map(({ name, shape }) => tensorOf(name, shape, parameters, [name]));

/**
 * The Item LLM. Where the model has an [ITEM] token, its embedding is one more row of the table: the
 * token's id is V.
 */
export function itemLlmTensors(parameters: FlatParameters, config: ModelConfig): ExportedTensor[] {
  const { layout } = parameters;
  const [words, hidden] = layout.entry(tokenEmbeddingName).shape as readonly [number, number];
  const token = layout.has(itemTokenName) ? [itemTokenName] : [];
  const rows = [words + token.length, hidden];
  return [
    tensorOf(tableName, rows, parameters, [tokenEmbeddingName, ...token]),
    ...decoderTensors(parameters, 'item_llm', config.item),
  ];
}

/**
 * The User LLM, which reads embeddings: its table has one row, the [USER] token's embedding where the
 * objective has one, else zeros.
 */
export function userLlmTensors(parameters: FlatParameters, config: ModelConfig): ExportedTensor[] {
  const shape = [1, config.user.hiddenSize];
  return [
    parameters.layout.has(userTokenName)
      ? tensorOf(tableName, shape, parameters, [userTokenName])
      : zeros(tableName, shape),
    ...decoderTensors(parameters, 'user_llm', config.user),
  ];
}

function decoderTensors(
  parameters: FlatParameters,
  llm: Llm,
  config: DecoderConfig,
): ExportedTensor[] {
  const prefix = `${llm}.`;
  const own = wholeEntries(parameters)
    .filter(({ name }) => name.startsWith(prefix) && name !== tokenEmbeddingName)
    .map(({ name, shape }) => tensorOf(name.slice(prefix.length), shape, parameters, [name]));
  if (!hasOutputBias(config) || config.attentionBias === 'qkvo') return own;
  // The family has a bias here, and the decoder none.
  const biases = Array.from({ length: config.layers }, (_, layer) =>
    zeros(`model.layers.${layer}.self_attn.o_proj.bias`, [config.hiddenSize]),
  );
  return [...own, ...biases];
}

const wholeEntries = ({ layout }: FlatParameters) =>
  layout.entries.filter(({ name }) => adapterMatrix(name) === null);

/** @param sources parameters whose numbers follow one another in the tensor */
const tensorOf = (
  name: string,
  shape: readonly number[],
  parameters: FlatParameters,
  sources: readonly string[],
): ExportedTensor => ({
  name,
  shape,
  *values() {
    for (const source of sources) yield mergedWeight(parameters, source);
  },
});

const zeros = (name: string, shape: readonly number[]): ExportedTensor => ({
  name,
  shape,
  *values() {
    yield new Float32Array(shape.reduce((product, extent) => product * extent, 1));
  },
});
