import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { projectRoot } from '../../../shared/project-root.js';
import { decodeSafetensors } from '../../../shared/safetensors.js';
import type { ModelConfig } from '../model-config.js';
import { openObjective } from '../objectives/open-objective.js';
import { ParameterLayout, tokenEmbeddingName } from '../parameters/parameter-layout.js';
import { tinyModel } from '../tiny-model.js';
import {
  type ExportedTensor,
  hllmTensors,
  itemLlmTensors,
  userLlmTensors,
} from './exported-tensors.js';
import { tensorFilePieces } from './tensor-file.js';

/** Parameters that count up, so that every number has a place of its own. */
function countingParameters(config: ModelConfig) {
  const layout = new ParameterLayout(config, openObjective(config, false).parameters);
  return { layout, flat: Float32Array.from({ length: layout.length }, (_, at) => at) };
}

const read = (tensors: readonly ExportedTensor[]) =>
  decodeSafetensors(Buffer.concat([...tensorFilePieces(tensors, {})]));

// Would catch a state dict that the reference does not load: a name or a shape of our own.
test('the names are those of the reference', () => {
  const url = new URL('e2e/golden/cases/one-worker.weights.safetensors', projectRoot);
  const golden = decodeSafetensors(readFileSync(url));
  const decoder = { ...tinyModel.item, hiddenSize: 32, heads: 4, keyValueHeads: 2 };
  const config: ModelConfig = {
    ...tinyModel,
    vocabularySize: 97,
    item: { ...decoder, intermediateSize: 64 },
    user: { ...decoder, layers: 2, heads: 2, intermediateSize: 96 },
  };
  const shapes = [...read(hllmTensors(countingParameters(config)))].map(([name, { shape }]) => [
    name,
    [...shape],
  ]);
  assert.deepEqual(
    new Map(shapes as [string, number[]][]),
    new Map([...golden].map(([name, { shape }]) => [name, [...shape]])),
  );
});

// Would catch an [ITEM] token that is lost, or stands in the row of a word.
test("the [ITEM] token's embedding is one more row of the table", () => {
  const parameters = countingParameters(tinyModel);
  const { layout, flat } = parameters;
  const table = read(itemLlmTensors(parameters, tinyModel)).get('model.embed_tokens.weight');
  assert.deepEqual(table?.shape, [24, 8]);
  const rows = [tokenEmbeddingName, 'item_emb_tokens'].flatMap((name) => [
    ...layout.view(flat, name),
  ]);
  assert.deepEqual(table?.data, Float32Array.from(rows));
  const mean: ModelConfig = { ...tinyModel, itemEmbedding: 'mean' };
  const plain = read(itemLlmTensors(countingParameters(mean), mean));
  assert.deepEqual(plain.get('model.embed_tokens.weight')?.shape, [23, 8]);
});

// Would catch tensors of one LLM under the names of the other's, and a table of the words in both.
test('the user model has a table of one row', () => {
  const tensors = read(userLlmTensors(countingParameters(tinyModel), tinyModel));
  assert.deepEqual(tensors.get('model.embed_tokens.weight')?.shape, [1, 8]);
  assert.deepEqual(tensors.get('model.layers.0.mlp.up_proj.weight')?.shape, [10, 8]);
  assert.equal(tensors.has('model.layers.1.mlp.up_proj.weight'), false);
  const late: ModelConfig = {
    ...tinyModel,
    objective: { kind: 'late-fusion', generativeWeight: 1 },
  };
  const parameters = countingParameters(late);
  const token = parameters.layout.view(parameters.flat, 'user_emb_token');
  const table = read(userLlmTensors(parameters, late)).get('model.embed_tokens.weight');
  assert.deepEqual(table?.data, token.slice());
});

// Would catch a tensor that the family's loader misses and fills with noise.
test('biases that the family has and the decoder has not are zeros', () => {
  const user = { ...tinyModel.user, attentionBias: 'qkv', queryKeyNorm: true } as const;
  const config: ModelConfig = { ...tinyModel, user };
  const tensors = read(userLlmTensors(countingParameters(config), config));
  const bias = tensors.get('model.layers.0.self_attn.o_proj.bias');
  assert.deepEqual(bias?.data, new Float32Array(8));
});
