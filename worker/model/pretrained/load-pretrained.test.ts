import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { SourceTensor, TensorSource } from '../../../pretrained/tensor-source.js';
import { projectRoot } from '../../../shared/project-root.js';
import { HostState } from '../../state/host-state.js';
import { ParameterLayout } from '../parameters/parameter-layout.js';
import { tinyModel } from '../tiny-model.js';
import { loadPretrained } from './load-pretrained.js';
import { isPretrained, loadTowers } from './pretrained-towers.js';

/** As the golden folder `llama-tied` has it. */
const decoder = {
  hiddenSize: 8,
  layers: 2,
  heads: 2,
  keyValueHeads: 1,
  intermediateSize: 12,
  normEps: 1e-6,
  ropeTheta: 10000,
};
const config = { ...tinyModel, item: decoder, user: { ...decoder, layers: 1 }, vocabularySize: 11 };
const folder = fileURLToPath(new URL('pretrained/golden/llama-tied', projectRoot));

/** Its elements count up from a number of the tensor's own; pieces of five. */
function countingSource(tensors: readonly SourceTensor[]): TensorSource {
  return {
    tensors,
    async *read(name, { begin, end }) {
      const base = 1000 * tensors.findIndex((tensor) => tensor.name === name);
      for (let at = begin; at < end; at += 5) {
        yield Float32Array.from({ length: Math.min(5, end - at) }, (_, index) => base + at + index);
      }
    },
    close: async () => undefined,
  };
}

const shapesOf = (layout: ParameterLayout): SourceTensor[] =>
  layout.entries
    .filter(({ name }) => name.startsWith('item_llm.'))
    .map(({ name, shape }) => ({ name: name.slice('item_llm.'.length), shape, dtype: 'F32' }));

// Catches: a tensor in another's place, a piece written twice, and a gap or another tower written to.
test('every tensor lands in its place and nowhere else', async () => {
  const layout = new ParameterLayout(config, []);
  const state = HostState.zeros(layout);
  const tensors = shapesOf(layout);
  await loadPretrained('item_llm', countingSource(tensors), state);
  const expected = new Float32Array(layout.length);
  for (const [index, { name }] of tensors.entries()) {
    const view = layout.view(expected, `item_llm.${name}`);
    view.forEach((_, at) => {
      view[at] = 1000 * index + at;
    });
  }
  assert.deepEqual(state.parameters, expected);
});

// Catches: an embedding table in the user model, layers behind the chosen ones, and a final norm that is left out.
test('the user model drops the table, and takes the first layers and the final norm', async () => {
  const layout = new ParameterLayout(config, []);
  const state = HostState.zeros(layout);
  const towers = { item: folder, user: folder };
  await loadTowers(towers, state);
  const of = (name: string): Float32Array => layout.view(state.parameters, name);
  for (const name of [
    'layers.0.self_attn.k_proj.weight',
    'layers.0.mlp.up_proj.weight',
    'norm.weight',
  ]) {
    assert.deepEqual(of(`user_llm.model.${name}`), of(`item_llm.model.${name}`));
  }
  const filled = layout.entries.filter(({ name }) => of(name).some((value) => value !== 0));
  assert.deepEqual(
    filled.map(({ name }) => name),
    layout.entries.filter(({ name }) => isPretrained(towers, name)).map(({ name }) => name),
  );
  assert.ok(!isPretrained(towers, 'item_emb_tokens') && !isPretrained(towers, 'logit_scale'));
  assert.ok(!isPretrained({ item: null, user: folder }, 'item_llm.model.norm.weight'));
});

// Catches: a model that is filled halfway before it turns out that it is another one.
test('weights that do not fit are refused by name, before anything is written', async () => {
  const layout = new ParameterLayout(config, []);
  const state = HostState.zeros(layout);
  const refused = (tensors: readonly SourceTensor[], message: RegExp) =>
    assert.rejects(loadPretrained('item_llm', countingSource(tensors), state), { message });
  const tensors = shapesOf(layout);
  await refused(tensors.slice(0, -1), /they have no tensor "model.norm.weight"/);
  const shaped = (name: string, shape: number[]): SourceTensor[] =>
    tensors.map((tensor) => (tensor.name === name ? { ...tensor, shape } : tensor));
  await refused(
    shaped('model.embed_tokens.weight', [10, 8]),
    /"model.embed_tokens.weight" has the shape \[10, 8\]: the job's model needs \[at least 11, 8\]/,
  );
  await refused(
    shaped('model.layers.1.mlp.up_proj.weight', [13, 8]),
    /"model.layers.1.mlp.up_proj.weight" has the shape \[13, 8\]: the job's model needs \[12, 8\]/,
  );
  assert.ok(state.parameters.every((value) => value === 0));
});
