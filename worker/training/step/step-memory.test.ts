import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tinyModel } from '../../model/tiny-model.js';
import { stepMemory } from './step-memory.js';

const size = { itemRows: 1000, gradientFloats: 0, gradients: 4 };
const of = (activations: 'keep' | 'layer' | 'lane', precision: 'f32' | 'bf16' = 'f32'): number =>
  stepMemory(size, tinyModel, { activations, precision });

describe('the memory of a step', () => {
  // Would catch an estimate that does not know the settings that it recommends.
  it('is less with each of the settings that take less', () => {
    assert.ok(of('keep') > of('layer'));
    assert.ok(of('keep', 'bf16') < of('keep'));
    assert.ok(of('layer') > of('lane'));
    assert.equal(of('lane'), 0);
  });

  it('counts what a layer keeps of each row', () => {
    const { hiddenSize: H, layers, heads, keyValueHeads, intermediateSize: I } = tinyModel.item;
    const D = H / heads;
    const floats = 2 * H + 2 * heads * D + 2 * keyValueHeads * D + 2 * I;
    const config = { ...tinyModel, itemEmbedding: 'mean' } as const;
    const kept = stepMemory(size, config, { activations: 'keep', precision: 'f32' });
    assert.equal(kept, 1000 * layers * floats * 4);
    // Only the last row of a text goes through the whole of the last layer.
    const less = 1000 * 4 * (floats - H - 2 * keyValueHeads * D);
    assert.equal(of('keep'), kept - less);
  });

  // Would catch gradients that are forgotten: each has the size of the model.
  it('has its gradients', () => {
    const bytes = stepMemory({ ...size, itemRows: 0, gradientFloats: 100 }, tinyModel, {
      activations: 'keep',
      precision: 'f32',
    });
    assert.equal(bytes, 4 * 100 * 4);
  });

  // Would catch a warning about activations that a frozen Item LLM does not keep.
  it('is that of the gradients alone where no layer has a backward', () => {
    const frozen = { ...tinyModel, item: { ...tinyModel.item, layers: 0 } };
    assert.equal(stepMemory(size, frozen, { precision: 'f32', activations: 'keep' }), 0);
  });
});
