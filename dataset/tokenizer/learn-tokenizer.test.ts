import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { limits } from '../limits.js';
import { createItemTokenizer } from './item-tokenizer.js';
import { openTokenizer } from './open-tokenizer.js';
import { learn, readGolden, vocabularyOf } from './tokenizer-fixture.js';
import { unknownToken } from './word-tokenizer.js';

const words = (texts: readonly string[], minimumFrequency: number, maximumSize: number) =>
  vocabularyOf(learn(texts, { model: 'word', minimumFrequency, maximumSize }));

test('words are in lower case, punctuation apart, frequent ones first', () => {
  const texts = ['Toy story, toy STORY', "It's a toy..."];
  assert.deepEqual(words(texts, 1, 100), [
    unknownToken,
    ...['.', 'toy', 'story', "'", ',', 'a', 'it', 's'],
  ]);
  assert.deepEqual(words(texts, 2, 100), [unknownToken, '.', 'toy', 'story']);
  assert.deepEqual(words(texts, 1, 2), [unknownToken, '.']);
});

test('equally frequent words are in the order of code points', () => {
  // Catches the order of UTF-16 code units, in which U+20000 comes before U+FF41.
  assert.deepEqual(words(['\u{20000} ａ b'], 1, 9), [unknownToken, 'b', 'ａ', '\u{20000}']);
});

test('scripts that write no spaces are split by character, as BERT does', () => {
  // Catches clauses that become words: no two texts share one, and text is no more than an id.
  const cases = [
    ['中文𠀀𪛖书', ['中', '文', '𠀀', '𪛖', '书']],
    ['が東京タワー', ['が', '東', '京', 'タ', 'ワ', 'ー']],
    ['ภาพที่ 2566', ['ภ', 'า', 'พ', 'ที่', '2566']],
    ['ຫນັງ', ['ຫ', 'ນັ', 'ງ']],
    ['ខ្មែរ', ['ខ្', 'មែ', 'រ']],
    ['မြန်မာ', ['မြ', 'န်', 'မာ']],
    ['བོད་ཡིག', ['བོ', 'ད', 'ཡི', 'ག']],
    ['漢字mixed 한국어', ['漢', '字', 'mixed', '한국어']],
  ] as const;
  for (const [text, expected] of cases) {
    const learnt = learn([text], { model: 'word' });
    const tokens = openTokenizer(JSON.parse(learnt.json), JSON.parse(learnt.config)).tokenize(text);
    assert.deepEqual(tokens, expected);
    assert.equal(vocabularyOf(learnt).length, 1 + new Set(expected).size);
  }
});

test('many distinct words give subwords, few give words, and either can be asked for', () => {
  const texts = (count: number) => Array.from({ length: count }, (_, i) => `w${i}`);
  const few = texts(limits.wordVocabulary - 1);
  assert.equal(learn(few).model, 'word');
  const many = learn(texts(limits.wordVocabulary));
  assert.deepEqual([many.model, many.words, many.wordsOnce], ['bpe', 16_384, 16_384]);
  assert.equal(learn(few, { model: 'bpe' }).model, 'bpe');
  // Words that do not fit the vocabulary would be unknown.
  assert.equal(learn(texts(600), { maximumSize: 600 }).model, 'bpe');
  assert.equal(learn(texts(600), { maximumSize: 601 }).model, 'word');
  // A vocabulary that does not hold the bytes can only hold words.
  assert.equal(learn(texts(600), { maximumSize: 100 }).model, 'word');
});

for (const [name, model] of [
  ['word', 'word'],
  ['word-unspaced', 'word'],
  ['subword', 'bpe'],
] as const) {
  test(`${name}: the learnt file is the one that Python's tokenizers has read, with the same ids`, () => {
    // Catches every difference between the two libraries that texts have shown: runs of punctuation,
    // final sigma, U+0085 and U+FEFF, punctuation of newer Unicode versions, words like __proto__.
    const golden = readGolden(name);
    const learnt = learn(golden.learnt, { model, maximumSize: 700 });
    assert.deepEqual(JSON.parse(learnt.json), golden.tokenizer);
    const tokenizer = createItemTokenizer(learnt, 'learnt');
    for (const [text, ids] of golden.cases)
      assert.deepEqual([...tokenizer.encode(text)], ids, text);
  });
}

/** Texts of all kinds of characters, surrogates that stand alone left out: no UTF-8 file has them. */
const anyText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(...'abc ab ab中文の་\u200b\u0e01\u0e34,.\u0301Σς\u0130\u{20000}'),
  }),
);

test('no text is unknown to subwords, and decoding gives back its words', () => {
  // Catches bytes without a token, and spaces that are lost or doubled.
  const property = fc.property(fc.array(anyText, { maxLength: 8 }), anyText, (texts, text) => {
    const learnt = learn(texts, { model: 'bpe', minimumFrequency: 1, maximumSize: 600 });
    const tokenizer = createItemTokenizer(learnt, 'learnt');
    const library = openTokenizer(JSON.parse(learnt.json), JSON.parse(learnt.config));
    for (const each of [...texts, text]) {
      const ids = [...tokenizer.encode(each)];
      const decoded = ids.length === 0 ? '' : library.decode(ids);
      const normalised = library.normalizer!(each);
      assert.equal(decoded.replace(/\s/gu, ''), normalised.replace(/\s/gu, ''));
      assert.deepEqual([...tokenizer.encode(decoded)], ids);
    }
  });
  fc.assert(property, { numRuns: 60 });
});

test('every word of the texts that words are learnt from is known', () => {
  // Catches a cut of unspaced scripts that differs between counting and encoding.
  const property = fc.property(fc.array(anyText, { maxLength: 8 }), (texts) => {
    const tokenizer = createItemTokenizer(learn(texts, { model: 'word' }), 'learnt');
    for (const text of texts) {
      if (!text.includes('[')) assert.ok(!tokenizer.encode(text).includes(0), text);
    }
  });
  fc.assert(property, { numRuns: 100 });
});

test('the order of the texts changes nothing', () => {
  // Catches a digest that depends on the order in which a Map was filled.
  const property = fc.property(
    fc.array(anyText, { maxLength: 8 }),
    fc.constantFrom('word', 'bpe'),
    (texts, model) => {
      const options = { model, maximumSize: 600 } as const;
      assert.equal(learn(texts, options).json, learn([...texts].reverse(), options).json);
    },
  );
  fc.assert(property, { numRuns: 60 });
});
