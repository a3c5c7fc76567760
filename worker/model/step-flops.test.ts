import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DecoderConfig, ModelConfig } from './model-config.js';
import { stepFlops } from './step-flops.js';

/** Two query heads of size 4 on one key head. */
const decoder: DecoderConfig = {
  hiddenSize: 8,
  layers: 1,
  heads: 2,
  keyValueHeads: 1,
  intermediateSize: 10,
  normEps: 1e-5,
  ropeTheta: 10000,
};

const model = (changes: Partial<ModelConfig> = {}): ModelConfig => ({
  item: decoder,
  user: decoder,
  vocabularySize: 100,
  itemEmbedding: 'item-token',
  maxTextLength: 16,
  falseNegatives: { kind: 'cosine', threshold: 0.99 },
  objective: { kind: 'generative' },
  ...changes,
});

/** For a row: q and o 8 x 8, k and v 8 x 4, three matrices 8 x 10. */
const qo = 2 * (2 * 8 * 8);
const kv = 2 * (2 * 8 * 4);
const mlp = 3 * (2 * 8 * 10);
/** For a pair: score and mixture, two heads of size 4. */
const pair = 2 * (2 * 2 * 4);

const nothing = { textRows: [], historyRows: [], negatives: 0, fusion: null };

describe('the useful operations of a step', () => {
  // Would catch a count of L x L pairs, of key heads as wide as query heads, of a backward of one.
  it('counts a layer of the user model: every row, pairs that the mask leaves, three times', () => {
    const flops = stepFlops(model(), { ...nothing, historyRows: [3, 2] });
    const pairs = 3 + 2 + 1 + (2 + 1);
    assert.equal(flops, 3 * (5 * (qo + kv + mlp) + pairs * pair));
  });

  // Would catch a share of the best product that counts work which nobody needs.
  it('counts queries, output and MLP of the last item layer for the last row of each text', () => {
    const flops = stepFlops(model(), { ...nothing, textRows: [3, 2] });
    assert.equal(flops, 3 * (5 * kv + 2 * (qo + mlp) + 5 * pair));
  });

  // Would catch the rule of the last layer applied to all of them.
  it('counts the other item layers whole', () => {
    const item = { ...decoder, layers: 3 };
    const one = stepFlops(model(), { ...nothing, textRows: [4] });
    const three = stepFlops(model({ item }), { ...nothing, textRows: [4] });
    assert.equal(three - one, 3 * 2 * (4 * (qo + kv + mlp) + 10 * pair));
  });

  // Would catch the same rule where the mean over all rows is read.
  it('counts the last item layer whole where the embedding is a mean', () => {
    const flops = stepFlops(model({ itemEmbedding: 'mean' }), { ...nothing, textRows: [4] });
    assert.equal(flops, 3 * (4 * (qo + kv + mlp) + 10 * pair));
  });

  // Would catch the product behind the mask of false negatives, whose backward does not exist.
  it('counts the logits three times and the likeness of positives once', () => {
    const shapes = { ...nothing, historyRows: [5] };
    const without = stepFlops(model(), shapes);
    const flops = stepFlops(model(), { ...shapes, negatives: 7 });
    assert.equal(flops - without, 4 * (2 * 5 * 7 * 8));
  });

  // Would catch a history that is counted once for each of its targets, and targets that see each other.
  it('counts a history once for all its targets', () => {
    const flopsOf = (kind: 'early-fusion' | 'late-fusion'): number =>
      stepFlops(model(), { ...nothing, historyRows: [2], fusion: { kind, targets: 4 } });
    const early = 4 * 2 * (8 * 8 + 8);
    const pairs = 3 + 2 + 1 + 4 * (3 + 1);
    assert.equal(flopsOf('early-fusion'), 3 * (7 * (qo + kv + mlp) + pairs * pair + early));
    const late = 4 * 2 * (16 * 8 + 8);
    const plain = 4 + 3 + 2 + 1;
    assert.equal(flopsOf('late-fusion'), 3 * (4 * (qo + kv + mlp) + plain * pair + late));
  });
});
