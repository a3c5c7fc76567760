import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import type { ModelConfig } from '../model-config.js';
import { nextItemParameters } from '../objectives/generative/next-item.js';
import { tinyModel } from '../tiny-model.js';
import { initialWeights } from './initial-weights.js';
import { ParameterLayout } from './parameter-layout.js';

const weightsOf = (config: ModelConfig, seed: number): [ParameterLayout, Float32Array] => {
  const layout = new ParameterLayout(config, nextItemParameters);
  return [layout, initialWeights(layout, { seed, temperature: 0.07, deviation: 0.02 })];
};

describe('initial weights', () => {
  const [layout, flat] = weightsOf(tinyModel, 1);

  it('starts norms at one and the temperature where it was asked', () => {
    assert.ok(layout.view(flat, 'user_llm.model.norm.weight').every((value) => value === 1));
    const norm = 'item_llm.model.layers.0.post_attention_layernorm.weight';
    assert.ok(layout.view(flat, norm).every((value) => value === 1));
    assert.equal(layout.view(flat, 'logit_scale')[0], Math.fround(Math.log(1 / 0.07)));
  });

  it('starts biases at zero, and the norms of queries and keys at one', () => {
    const user = { ...tinyModel.user, attentionBias: 'qkvo', queryKeyNorm: true } as const;
    const [variant, values] = weightsOf({ ...tinyModel, user }, 1);
    const of = (name: string): Float32Array =>
      variant.view(values, `user_llm.model.layers.0.self_attn.${name}`);
    assert.ok(of('q_proj.bias').every((value) => value === 0));
    assert.ok(of('o_proj.bias').every((value) => value === 0));
    assert.ok(of('k_norm.weight').every((value) => value === 1));
  });

  // Would catch a deviation that was meant as a variance, or uniform numbers.
  it('draws the rest from a normal distribution of deviation 0.02', () => {
    const [wideLayout, wide] = weightsOf({ ...tinyModel, vocabularySize: 2500 }, 3);
    const values = wideLayout.view(wide, 'item_llm.model.embed_tokens.weight');
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    const beyond = values.filter((value) => Math.abs(value) > 0.04).length / values.length;
    assert.ok(Math.abs(mean) < 6e-4, `mean ${mean}`);
    assert.ok(Math.abs(Math.sqrt(variance) - 0.02) < 4e-4, `deviation ${Math.sqrt(variance)}`);
    assert.ok(Math.abs(beyond - 0.0455) < 6e-3, `share beyond two deviations ${beyond}`);
  });

  // Would catch a norm of the whole that depends on what lies in the gaps.
  it('leaves the gaps between parameters zero', () => {
    const inside = new Set(
      layout.entries.flatMap(({ offset, size }) =>
        Array.from({ length: size }, (_, index) => offset + index),
      ),
    );
    assert.ok(inside.size < flat.length);
    assert.ok(flat.every((value, index) => inside.has(index) || value === 0));
  });

  // Would catch parameters that share one stream: another vocabulary then changes all of them.
  it('gives a parameter the same values whatever else the model has', () => {
    const [otherLayout, other] = weightsOf({ ...tinyModel, vocabularySize: 31 }, 1);
    const name = 'item_llm.model.layers.0.mlp.up_proj.weight';
    assert.deepEqual(layout.view(flat, name), otherLayout.view(other, name));
  });

  // Would catch two parameters, or two seeds, that start alike.
  it('differs by parameter and by seed', () => {
    const q = layout.view(flat, 'item_llm.model.layers.0.self_attn.q_proj.weight');
    const sameShape = layout.view(flat, 'item_llm.model.layers.0.self_attn.o_proj.weight');
    assert.notDeepEqual(q, sameShape);
    assert.notDeepEqual(flat, weightsOf(tinyModel, 2)[1]);
  });

  // Would catch a change of the bits that old jobs started from.
  it('is pinned to the bit', () => {
    const digest = createHash('sha256').update(new Uint8Array(flat.buffer)).digest('hex');
    assert.equal(digest, '0724e536f775f9f4c3aa1126ae56e9605feba74258393cbf53953b8d4f0fcacf');
  });
});
