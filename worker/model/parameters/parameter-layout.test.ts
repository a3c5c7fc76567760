import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ModelConfig } from '../model-config.js';
import { nextItemParameters } from '../objectives/generative/next-item.js';
import { itemTokenName, ParameterLayout } from './parameter-layout.js';
import type { WhatTrains } from './what-trains.js';

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
  objective: { kind: 'generative' },
};

describe('parameter layout', () => {
  const layout = new ParameterLayout(config, nextItemParameters);

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

  // Would catch a bias or a norm under another name than its pretrained weights have.
  it('adds the biases and norms of Qwen where the decoder has them', () => {
    const user = { ...decoder, layers: 1, headSize: 4, queryKeyNorm: true };
    const variants = new ParameterLayout(
      {
        ...config,
        item: { ...decoder, attentionBias: 'qkvo' },
        user: { ...user, attentionBias: 'qkv' },
      },
      nextItemParameters,
    );
    const shapeOf = (name: string): readonly number[] => variants.entry(name).shape;
    assert.deepEqual(shapeOf('item_llm.model.layers.1.self_attn.q_proj.bias'), [6]);
    assert.deepEqual(shapeOf('item_llm.model.layers.1.self_attn.o_proj.bias'), [6]);
    assert.deepEqual(shapeOf('user_llm.model.layers.0.self_attn.q_proj.weight'), [12, 6]);
    assert.deepEqual(shapeOf('user_llm.model.layers.0.self_attn.o_proj.weight'), [6, 12]);
    assert.deepEqual(shapeOf('user_llm.model.layers.0.self_attn.v_proj.bias'), [4]);
    assert.deepEqual(shapeOf('user_llm.model.layers.0.self_attn.k_norm.weight'), [4]);
    assert.ok(!variants.has('user_llm.model.layers.0.self_attn.o_proj.bias'));
    assert.ok(!variants.has('item_llm.model.layers.0.self_attn.q_norm.weight'));
  });

  it('has no [ITEM] token where embeddings are means', () => {
    const means = new ParameterLayout({ ...config, itemEmbedding: 'mean' }, nextItemParameters);
    assert.ok(!means.has(itemTokenName) && layout.has(itemTokenName));
  });

  // Would catch a message that blames the neighbour of a diverged parameter.
  it('names the parameter of an offset', () => {
    const { offset, size, name } = layout.entry('user_llm.model.norm.weight');
    assert.equal(layout.nameAt(offset), name);
    assert.equal(layout.nameAt(offset + size - 1), name);
    assert.match(layout.nameAt(offset + size), /gap/);
  });

  // Would catch a frozen parameter that is reduced, and one that trains and is not.
  it('puts what trains first and what is frozen behind it, each in its order', () => {
    const order = (trains: WhatTrains): { trained: string[]; frozen: string[] } => {
      const { entries, trainedLength, ...rest } = layout.training(trains);
      assert.equal(trainedLength, rest.sections.item.end);
      const named = (wanted: boolean): string[] =>
        entries.filter(({ offset }) => offset < trainedLength === wanted).map(({ name }) => name);
      return { trained: named(true), frozen: named(false) };
    };
    const names = layout.entries.map(({ name }) => name);
    const all = { kind: 'all' } as const;
    assert.deepEqual(order({ item: all, user: all }), { trained: names, frozen: [] });
    const nothing = { kind: 'nothing' } as const;
    const item = (name: string): boolean => name.startsWith('item_');
    assert.deepEqual(order({ item: nothing, user: all }), {
      trained: names.filter((name) => !item(name)),
      frozen: names.filter(item),
    });
    assert.deepEqual(order({ item: nothing, user: nothing }).trained, ['logit_scale']);
    const last = order({ item: { kind: 'last', layers: 1 }, user: nothing }).trained;
    const above = names.filter((name) => /^item_llm\.model\.(layers\.1|norm)\./.test(name));
    assert.deepEqual(last, ['logit_scale', ...above]);
  });

  // Would catch a moment, or a gradient on the wire, of a base weight that an adapter stands for.
  it('trains nothing of an adapted tower but the adapters and the [ITEM] token', () => {
    const lora = { kind: 'lora', rank: 3, alpha: 6, targets: ['v', 'down'] } as const;
    const adapted = layout.training({ item: lora, user: { kind: 'nothing' } });
    const trained = adapted.entries.filter(({ name }) => adapted.isTrained(name));
    assert.deepEqual(
      trained.map(({ name, shape }) => [name, ...shape]),
      [
        ['logit_scale'],
        [itemTokenName, 1, 1, 6],
        ...[0, 1].flatMap((layer) => [
          [`item_llm.model.layers.${layer}.self_attn.v_proj.lora_A.weight`, 3, 6],
          [`item_llm.model.layers.${layer}.self_attn.v_proj.lora_B.weight`, 2, 3],
          [`item_llm.model.layers.${layer}.mlp.down_proj.lora_A.weight`, 3, 5],
          [`item_llm.model.layers.${layer}.mlp.down_proj.lora_B.weight`, 6, 3],
        ]),
      ],
    );
    assert.equal(adapted.adapters.length, 4);
    for (const { weight, scale } of adapted.adapters) {
      assert.ok(!adapted.isTrained(weight));
      assert.equal(scale, 2);
    }
  });
});
