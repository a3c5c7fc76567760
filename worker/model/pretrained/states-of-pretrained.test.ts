/** The states of imported models, against those that `transformers` computes: see pretrained/golden/make.py. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { matMul, tensor2d, tidy, transpose } from '@tensorflow/tfjs-core';
import { openPretrained } from '../../../pretrained/open-pretrained.js';
import { projectRoot } from '../../../shared/project-root.js';
import { openEngine } from '../../engine/open-engine.js';
import { HostState } from '../../state/host-state.js';
import { Decoder } from '../decoder/decoder.js';
import { rmsNorm } from '../decoder/decoder-layer.js';
import { packedLayout } from '../decoder/packed-layout.js';
import { plainComputation } from '../model-config.js';
import { ParameterLayout, tokenEmbeddingName } from '../parameters/parameter-layout.js';
import { decoderWeights } from '../parameters/parameters.js';
import { tinyModel } from '../tiny-model.js';
import { loadPretrained } from './load-pretrained.js';

interface Expected {
  readonly tokens: readonly number[];
  readonly states: number[][];
  readonly logits: number[][];
}

const golden = (name: string): string =>
  fileURLToPath(new URL(`pretrained/golden/${name}`, projectRoot));

before(() => openEngine('cpu', { threads: 1, deterministic: true }));

/** What the imported model computes for the tokens. */
async function computed(name: string, tokens: readonly number[]) {
  const { config, source } = await openPretrained(golden(name));
  const { decoder, vocabularySize, tied } = config;
  const layout = new ParameterLayout({ ...tinyModel, item: decoder, vocabularySize }, []);
  const state = HostState.zeros(layout);
  await loadPretrained('item_llm', source, state);
  const table = layout.view(state.parameters, tokenEmbeddingName);
  let output = new Float32Array(table);
  if (!tied) {
    output = new Float32Array(table.length);
    let at = 0;
    for await (const piece of source.read('lm_head.weight', { begin: 0, end: table.length })) {
      output.set(piece, at);
      at += piece.length;
    }
  }
  await source.close();
  const { hiddenSize, layers, normEps } = decoder;
  return tidy(() => {
    const rows = tokens.flatMap((token) => [
      ...table.subarray(token * hiddenSize, (token + 1) * hiddenSize),
    ]);
    const weights = decoderWeights(layout, state.parameters, 'item_llm', layers);
    const last = new Decoder(decoder, plainComputation).read(
      tensor2d(rows, [tokens.length, hiddenSize]),
      weights.layers,
      packedLayout([tokens.length]),
      Int32Array.from(tokens, (_, position) => position),
      'all',
    );
    const states = rmsNorm(last, weights.finalNorm, normEps);
    const logits = matMul(states, transpose(tensor2d(output, [vocabularySize, hiddenSize])));
    return { states: states.arraySync() as number[][], logits: logits.arraySync() as number[][] };
  });
}

function largestDifference(a: number[][], b: number[][]): number {
  assert.deepEqual([a.length, a[0]?.length], [b.length, b[0]?.length]);
  return Math.max(...a.flatMap((row, i) => row.map((value, j) => Math.abs(value - b[i]![j]!))));
}

const models = [
  ...['llama-tied', 'llama3-shards', 'mistral', 'qwen2', 'qwen3'],
  ...['llama-mixed.gguf', 'qwen2-f16.gguf', 'qwen3-f16.gguf'],
];

// Catches: rows of heads in GGUF's order, a bias or a norm that is left out, another rotary scaling, a
// head size of the hidden size, and an output that is taken for the table.
for (const name of models) {
  test(`${name} computes what transformers does`, async () => {
    const file = golden(`${name.replace('.gguf', '')}.expected.json`);
    const expected = JSON.parse(readFileSync(file, 'utf8')) as Expected;
    const { states, logits } = await computed(name, expected.tokens);
    assert.ok(largestDifference(states, expected.states) < 2e-5);
    assert.ok(largestDifference(logits, expected.logits) < 2e-5);
  });
}
