import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ggufFile, textOf, textsOf } from '../../../pretrained/gguf/gguf-fixture.js';
import type { GgufValue } from '../../../pretrained/gguf/gguf-parser.js';
import { projectRoot } from '../../../shared/project-root.js';
import { createItemTokenizer, readTokenizerFiles } from '../item-tokenizer.js';
import { ggufTokenizer } from './gguf-tokenizer.js';

interface Golden {
  readonly settings: Readonly<Record<string, GgufValue>>;
  readonly cases: readonly (readonly [text: string, ids: readonly number[]])[];
}

const readGolden = (name: string): Golden =>
  JSON.parse(
    readFileSync(new URL(`dataset/tokenizer/golden/gguf-${name}.json`, projectRoot), 'utf8'),
  ) as Golden;

function tokenizerOf(settings: Readonly<Record<string, GgufValue>>) {
  const { json, config } = ggufTokenizer(new Map(Object.entries(settings)));
  return createItemTokenizer(
    { json: JSON.stringify(json), config: JSON.stringify(config) },
    'a GGUF file',
  );
}

for (const name of ['gpt-2', 'smollm', 'qwen2', 'llama-bpe', 'tekken', 'llama']) {
  // Catches: words cut otherwise than the model's own tokenizer does, merges in another order, a token of
  // the file's padding, special tokens that are cut, and a first token that is missing or too much.
  test(`${name}: texts have the ids of Python's library`, () => {
    const { settings, cases } = readGolden(name);
    const tokenizer = tokenizerOf(settings);
    for (const [text, ids] of cases) assert.deepEqual([...tokenizer.encode(text)], ids, text);
  });
}

// Catches: a vocabulary that has the padding's size, for which no pretrained table would be long enough.
test('what a file pads its table with is no token', () => {
  const { settings } = readGolden('qwen2');
  const tokens = settings['tokenizer.ggml.tokens'] as readonly string[];
  assert.equal(tokens.at(-1), '[PAD0]');
  assert.equal(tokenizerOf(settings).vocabularySize, tokens.length - 1);
});

// Catches: a setting of the file that is passed over.
test('a file says whether a text begins with the first token', () => {
  const { settings } = readGolden('llama-bpe');
  const first = (value: boolean): number | undefined =>
    tokenizerOf({ ...settings, 'tokenizer.ggml.add_bos_token': value }).encode('toy')[0];
  assert.equal(first(true), 0);
  assert.notEqual(first(false), 0);
});

// Catches: ids that are wrong without a word.
test('what cannot be followed is refused by its name', () => {
  const { settings } = readGolden('smollm');
  const refused = (change: Readonly<Record<string, GgufValue | undefined>>, message: RegExp) => {
    const entries = Object.entries({ ...settings, ...change }).filter(
      ([, value]) => value !== undefined,
    );
    const changed = new Map(entries as [string, GgufValue][]);
    assert.throws(() => ggufTokenizer(changed), { code: 'BAD_TOKENIZER', message });
  };
  refused({ 'tokenizer.ggml.model': 'bert' }, /its tokenizer is "bert": .* must be gpt2 or llama/);
  refused({ 'tokenizer.ggml.model': undefined }, /it has no tokenizer/);
  refused(
    { 'tokenizer.ggml.pre': 'viking' },
    /is "viking": it must be one of gpt-2, phi-2, smollm/,
  );
  refused({ 'tokenizer.ggml.pre': undefined }, /tokenizer.ggml.pre, .* is missing/);
  refused({ 'tokenizer.ggml.merges': [1] }, /tokenizer.ggml.merges must be a list of texts/);
  refused({ 'tokenizer.ggml.token_type': [1] }, /token_type must be a list of \d+, as many as/);
});

// Catches: a GGUF file that is read as a tokenizer.json, and a folder of one in which none is found.
test('a tokenizer is found in a file and in a folder', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-gguf-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'model.gguf');
  const bytes = ggufFile({
    'tokenizer.ggml.model': textOf('gpt2'),
    'tokenizer.ggml.pre': textOf('gpt-2'),
    'tokenizer.ggml.tokens': textsOf(['a', 'b', 'ab']),
    'tokenizer.ggml.merges': textsOf(['a b']),
  });
  writeFileSync(file, bytes);
  for (const path of [file, folder]) {
    const tokenizer = createItemTokenizer(await readTokenizerFiles(path), path);
    assert.deepEqual([...tokenizer.encode('abb')], [2, 1]);
  }
  writeFileSync(file, bytes.subarray(0, 40));
  await assert.rejects(readTokenizerFiles(file), { code: 'BAD_TOKENIZER', message: /ends within/ });
});
