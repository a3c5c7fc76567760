/**
 * How texts are cut, by the names that llama.cpp gives to it (`tokenizer.ggml.pre`), as the tokenizer.json of
 * the models that brought the names says it.
 */
export interface PreTokenizerKind {
  readonly normalizer: object | null;
  readonly preTokenizer: object;
  /** A word that is a token is that token, whatever its merges say. */
  readonly ignoreMerges: boolean;
  /** Whether a text begins with the first token where the file does not say. */
  readonly begins: boolean;
}

const byteLevel = (useRegex: boolean): object => ({
  type: 'ByteLevel',
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: useRegex,
});

const split = (pattern: string): object => ({
  type: 'Sequence',
  pretokenizers: [
    { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
    byteLevel(false),
  ],
});

const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
/** @param digits of a number that stay together. */
const words = (digits: string): string =>
  `${contractions}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*` +
  '|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

const upper = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
const lower = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
/** Words are cut where small letters are followed by capital ones. */
const tekkenWords =
  `[^\\r\\n\\p{L}\\p{N}]?${upper}*${lower}+|[^\\r\\n\\p{L}\\p{N}]?${upper}+${lower}*` +
  '|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

const plain = { normalizer: null, ignoreMerges: false, begins: false } as const;
const gpt2: PreTokenizerKind = { ...plain, preTokenizer: byteLevel(true) };
const digitsApart: PreTokenizerKind = {
  ...plain,
  preTokenizer: {
    type: 'Sequence',
    pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel(true)],
  },
};
const llama3: PreTokenizerKind = {
  ...plain,
  preTokenizer: split(words('{1,3}')),
  ignoreMerges: true,
  begins: true,
};
const qwen2: PreTokenizerKind = {
  ...plain,
  normalizer: { type: 'NFC' },
  preTokenizer: split(words('')),
};
const tekken: PreTokenizerKind = {
  ...plain,
  preTokenizer: split(tekkenWords),
  ignoreMerges: true,
  begins: true,
};

export const preTokenizers: ReadonlyMap<string, PreTokenizerKind> = new Map([
  ['gpt-2', gpt2],
  ['phi-2', gpt2],
  ['smollm', digitsApart],
  ['starcoder', digitsApart],
  ['refact', digitsApart],
  ['llama-bpe', llama3],
  ['llama3', llama3],
  ['llama-v3', llama3],
  ['qwen2', qwen2],
  ['tekken', tekken],
]);

export const knownPreTokenizers = [...preTokenizers.keys()].join(', ');
