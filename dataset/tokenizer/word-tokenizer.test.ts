import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { projectRoot } from '../../shared/project-root.js';
import { createItemTokenizer } from './item-tokenizer.js';
import {
  unknownToken,
  WordCounter,
  wordTokenizerConfig,
  wordTokenizerJson,
} from './word-tokenizer.js';

interface Golden {
  /** Which version of Python's tokenizers has read `tokenizer` and encoded the cases. */
  readonly madeWith: string;
  readonly learnt: readonly string[];
  readonly tokenizer: object;
  readonly cases: readonly (readonly [text: string, ids: readonly number[]])[];
}

const read = (name: string): Golden =>
  JSON.parse(
    readFileSync(new URL(`dataset/tokenizer/${name}.golden.json`, projectRoot), 'utf8'),
  ) as Golden;

const vocabularyOf = (texts: readonly string[], minimumFrequency: number, maximumSize: number) => {
  const counter = new WordCounter();
  for (const text of texts) counter.add(text);
  return counter.vocabulary({ minimumFrequency, maximumSize });
};

test('words are in lower case, punctuation apart, frequent ones first', () => {
  const texts = ['Toy story, toy STORY', "It's a toy..."];
  assert.deepEqual(vocabularyOf(texts, 1, 100), [
    unknownToken,
    ...['.', 'toy', 'story', "'", ',', 'a', 'it', 's'],
  ]);
  assert.deepEqual(vocabularyOf(texts, 2, 100), [unknownToken, '.', 'toy', 'story']);
  assert.deepEqual(vocabularyOf(texts, 1, 2), [unknownToken, '.']);
});

test('the order of the texts does not change the vocabulary', () => {
  // Catches a digest that depends on the order in which a Map was filled.
  const texts = ['b a', 'c a b', 'd'];
  assert.deepEqual(vocabularyOf(texts, 1, 9), vocabularyOf([...texts].reverse(), 1, 9));
});

test("the learnt file is the one that Python's tokenizers has read, with the same ids for all texts", () => {
  // Catches every difference between the two libraries that texts have shown: runs of punctuation,
  // final sigma, U+0085 and U+FEFF, punctuation of newer Unicode versions, words like __proto__.
  const golden = read('word-tokenizer');
  const json = wordTokenizerJson(vocabularyOf(golden.learnt, 1, 1000));
  assert.deepEqual(json, golden.tokenizer);
  const files = { json: JSON.stringify(json), config: JSON.stringify(wordTokenizerConfig) };
  const tokenizer = createItemTokenizer(files, 'learnt');
  for (const [text, ids] of golden.cases) assert.deepEqual([...tokenizer.encode(text)], ids, text);
});

test("a pretrained byte-level tokenizer gives the ids of Python's library, its start token included", () => {
  const golden = read('pretrained-tokenizer');
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
