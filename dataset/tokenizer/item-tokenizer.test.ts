import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createItemTokenizer } from './item-tokenizer.js';
import { readGolden } from './tokenizer-fixture.js';

test("a pretrained byte-level tokenizer gives the ids of Python's library, its start token included", () => {
  const golden = readGolden('byte-level');
  const files = { json: JSON.stringify(golden.tokenizer), config: '{}' };
  const tokenizer = createItemTokenizer(files, 'pretrained');
  assert.equal(tokenizer.vocabularySize, 330);
  for (const [text, ids] of golden.cases) assert.deepEqual([...tokenizer.encode(text)], ids, text);
});

for (const family of ['bert', 'gpt2', 'roberta', 'qwen', 'llama', 'unigram']) {
  test(`${family}: texts of all Unicode blocks have the ids of Python's library`, () => {
    // Catches a final sigma, ideographs beyond the basic plane that stay in one word, punctuation and marks of newer
    // Unicode versions, and a normalisation that is taken for NFKC instead of the model's own table.
    const { tokenizer: json, cases } = readGolden(`family-${family}`);
    const tokenizer = createItemTokenizer({ json: JSON.stringify(json), config: '{}' }, family);
    for (const [text, ids] of cases) assert.deepEqual([...tokenizer.encode(text)], ids, text);
  });
}

test('what cannot be followed is refused by its name', () => {
  // Catches ids that are wrong without a word, which nobody would find in a trained model.
  const { tokenizer } = readGolden('byte-level') as { tokenizer: Record<string, unknown> };
  const refused: readonly (readonly [part: object, message: RegExp])[] = [
    [{ normalizer: { type: 'Nmt' } }, /Nmt/],
    [{ pre_tokenizer: { type: 'UnicodeScripts' } }, /UnicodeScripts/],
    [{ pre_tokenizer: { type: 'Punctuation', behavior: 'Doubled' } }, /Punctuation.*"Doubled"/],
    [{ normalizer: { type: 'Precompiled', precompiled_charsmap: 'AAAA' } }, /precompiled_charsmap/],
    [{ added_tokens: [{ id: 0, content: 'a', single_word: true }] }, /single_word/],
  ];
  for (const [part, message] of refused) {
    const json = JSON.stringify({ ...tokenizer, ...part });
    const open = () => createItemTokenizer({ json, config: '{}' }, 'FILE');
    assert.throws(open, { code: 'BAD_TOKENIZER', message });
  }
});

test('a file that is no tokenizer is refused with its name', () => {
  for (const json of ['{}', '[]', 'null', '{"model":{"type":"Nothing"}}', '{']) {
    assert.throws(() => createItemTokenizer({ json, config: '{}' }, 'FILE'), {
      code: 'BAD_TOKENIZER',
      message: /^Cannot use the tokenizer FILE: /,
    });
  }
});
