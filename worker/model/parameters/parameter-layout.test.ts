import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ModelConfig } from '../model-config.js';
import { itemTokenName, ParameterLayout } from './parameter-layout.js';

const decoder = {
  hiddenSize: 6,
  layers: 2,
  heads: 3,
  keyValueHeads: 1,
  intermediateSize: 5,
  normEps: 1e-5,
  ropeTheta: 10000,
};

const config: ModelConfig = {
  item: decoder,
  user: { ...decoder, layers: 1 },
  vocabularySize: 7,
  itemEmbedding: 'item-token',
  maxTextLength: 8,
  falseNegatives: { kind: 'cosine', threshold: 0.99 },
};

describe('parameter layout', () => {
  const layout = new ParameterLayout(config);

  // Would catch an unaligned parameter: the same sum then has other bits on another worker.
  it('starts every parameter on a cache line, without overlap', () => {
    let free = 0;
    for (const { offset, size } of layout.entries) {
      assert.equal(offset % 16, 0);
      assert.ok(offset >= free && offset < free + 16);
      free = offset + size;
    }
    assert.equal(layout.length, Math.ceil(free / 16) * 16);
  });

  // Would catch a user parameter that is reduced before its gradient exists, or never.
  it('puts the user section first and the item section behind it', () => {
    const { user, item } = layout.sections;
    assert.deepEqual([user.start, user.end, item.end], [0, item.start, layout.length]);
    for (const { name, offset } of layout.entries) {
      assert.equal(offset < user.end, !name.startsWith('item_'), name);
    }
  });

  it('uses the names and shapes of Hugging Face', () => {
    assert.deepEqual(layout.entry('item_llm.model.layers.1.self_attn.k_proj.weight').shape, [2, 6]);
    assert.deepEqual(layout.entry('user_llm.model.layers.0.mlp.down_proj.weight').shape, [6, 5]);
    assert.deepEqual(layout.entry('item_llm.model.embed_tokens.weight').shape, [7, 6]);
    assert.deepEqual(layout.entry(itemTokenName).shape, [1, 1, 6]);
    assert.deepEqual(layout.entry('logit_scale').shape, []);
    assert.throws(() => layout.entry('lm_head.weight'), /"lm_head.weight"/);
  });

  it('has no [ITEM] token where embeddings are means', () => {
    const means = new ParameterLayout({ ...config, itemEmbedding: 'mean' });
    assert.ok(!means.has(itemTokenName) && layout.has(itemTokenName));
  });

  // Would catch a message that blames the neighbour of a diverged parameter.
  it('names the parameter of an offset', () => {
    const { offset, size, name } = layout.entry('user_llm.model.norm.weight');
    assert.equal(layout.nameAt(offset), name);
    assert.equal(layout.nameAt(offset + size - 1), name);
    assert.match(layout.nameAt(offset + size), /gap/);
  });
});
