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

test('a file that is no tokenizer is refused with its name', () => {
  for (const json of ['{}', '[]', 'null', '{"model":{"type":"Nothing"}}', '{']) {
    assert.throws(() => createItemTokenizer({ json, config: '{}' }, 'FILE'), {
      code: 'BAD_TOKENIZER',
      message: /^Cannot use the tokenizer FILE: /,
    });
  }
});
