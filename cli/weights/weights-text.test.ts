import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { describePretrained } from '../../pretrained/describe-pretrained.js';
import { projectRoot } from '../../shared/project-root.js';
import { weightsText } from './weights-text.js';

const golden = (name: string): string =>
  fileURLToPath(new URL(`pretrained/golden/${name}`, projectRoot));

// Would catch a word for another model, and a count that leaves a tensor out.
test('a model is told in words', async () => {
  const model = await describePretrained(golden('qwen3-f16.gguf'));
  const text = weightsText({ ...model, path: 'm.gguf' }, { tokens: null, problem: 'it has none' });
  assert.equal(
    text,
    `model             m.gguf
format            GGUF
family            qwen3
layers            2
hidden size       8
heads             2 of 6, 1 of keys and values; queries and keys are normed
feed forward      12
positions         rotary, base 10,000
parameters        1,424 in 25 tensors
stored as         F16 (95.5%), F32 (4.5%)
in memory         0 MiB as float32
embeddings        13 tokens
tokenizer         none: it has none
sha256            ${model.sha256}`,
  );
});

test('scaling, biases and several files are told', async () => {
  const model = await describePretrained(golden('llama3-shards'));
  const text = weightsText(model, { tokens: 1234, problem: null });
  assert.match(text, /format +safetensors, 3 files/);
  assert.match(text, /heads +2 of 4, 1 of keys and values; biases of q, k, v, o/);
  assert.match(text, /positions +rotary, base 10,000; llama3, factor 4/);
  assert.match(text, /tokenizer +1,234 tokens/);
});
