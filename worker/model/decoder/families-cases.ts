/** For tests: what `transformers` computes with tiny models of every family, on any engine. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../../shared/project-root.js';
import { readLanguageModel, readText } from './language-model-fixture.js';

/** Folders and files that pretrained/golden/make.py has made. */
const models = [
  'llama-tied',
  'llama3-shards',
  'mistral',
  'qwen2',
  'qwen3',
  'llama-mixed.gguf',
  'qwen2-f16.gguf',
  'qwen3-f16.gguf',
];

/** States are of the size of one, logits of some units; float32 rounds to 6e-8 of that a few times. */
const tolerance = 1e-5;

export function familyCases(): void {
  for (const model of models) {
    // Would catch a bias, a norm, a rotation or a head in the wrong place, in any of the families.
    it(`computes the states and logits of transformers: ${model}`, async () => {
      const { tokens, states, logits } = expectedOf(model);
      const got = readText(await readLanguageModel(golden(model)), tokens);
      assertNear(got.states, states.flat(), 'state');
      assertNear(got.logits, logits.flat(), 'logit');
    });
  }
}

interface Expected {
  readonly tokens: readonly number[];
  readonly states: readonly (readonly number[])[];
  readonly logits: readonly (readonly number[])[];
}

const golden = (name: string): string =>
  fileURLToPath(new URL(`pretrained/golden/${name}`, projectRoot));

const expectedOf = (model: string): Expected =>
  JSON.parse(readFileSync(golden(`${model.replace('.gguf', '')}.expected.json`), 'utf8'));

function assertNear(got: Float32Array, expected: readonly number[], what: string): void {
  assert.equal(got.length, expected.length);
  got.forEach((value, index) => {
    const off = Math.abs(value - (expected[index] as number));
    assert.ok(off < tolerance, `${what} ${index}: ${value}, expected ${expected[index]}`);
  });
}
