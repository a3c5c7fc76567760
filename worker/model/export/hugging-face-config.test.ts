import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../../pretrained/huggingface/read-config.js';
import type { DecoderConfig } from '../model-config.js';
import { huggingFaceConfig } from './hugging-face-config.js';

const plain: DecoderConfig = {
  hiddenSize: 8,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  intermediateSize: 12,
  normEps: 1e-6,
  ropeTheta: 500_000,
};
const llama3 = {
  kind: 'llama3',
  factor: 8,
  lowFrequencyFactor: 1,
  highFrequencyFactor: 4,
  originalContext: 64,
} as const;

// Would catch a setting that is lost on the way: transformers takes its own default and other numbers.
for (const [family, decoder] of [
  ['llama', plain],
  ['llama', { ...plain, headSize: 6, attentionBias: 'qkvo', ropeScaling: llama3 }],
  ['qwen2', { ...plain, attentionBias: 'qkv', ropeScaling: { kind: 'linear', factor: 2 } }],
  ['qwen3', { ...plain, headSize: 4, queryKeyNorm: true }],
  ['qwen3', { ...plain, queryKeyNorm: true, attentionBias: 'qkvo' }],
] as const) {
  test(`a decoder of ${family} is read back as it was: ${JSON.stringify(decoder)}`, () => {
    const config = huggingFaceConfig(decoder, { vocabularySize: 24, positions: 10 });
    const read = readConfig(JSON.parse(JSON.stringify(config)));
    assert.deepEqual(read, {
      ...{ family, vocabularySize: 24, tied: true, window: null },
      decoder: { ...decoder, headSize: 'headSize' in decoder ? decoder.headSize : 2 },
    });
  });
}

// Would catch biases of Qwen2 beside norms of Qwen3, which no family has, written as what they are not.
test('what no family has gets the family that has more', () => {
  const decoder: DecoderConfig = { ...plain, queryKeyNorm: true, attentionBias: 'qkv' };
  const config = huggingFaceConfig(decoder, { vocabularySize: 24, positions: 10 });
  const read = readConfig(JSON.parse(JSON.stringify(config)));
  assert.deepEqual([read.family, read.decoder.attentionBias], ['qwen3', 'qkvo']);
});

// Would catch positions that transformers refuses, or warns of as a mistake.
test('all positions are there, and those of the pretraining', () => {
  const positions = (decoder: DecoderConfig) =>
    (
      huggingFaceConfig(decoder, { vocabularySize: 24, positions: 10 }) as {
        max_position_embeddings: number;
      }
    ).max_position_embeddings;
  assert.equal(positions(plain), 10);
  assert.equal(positions({ ...plain, ropeScaling: llama3 }), 512);
});
