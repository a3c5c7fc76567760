/**
 * A tokenizer learnt from a dataset's texts: words in lower case, punctuation apart, unknown words
 * as `[UNK]`. Its file is Hugging Face's tokenizer.json with the model `WordLevel`.
 */
import { Tokenizer } from '@huggingface/tokenizers';

export const unknownToken = '[UNK]';

export interface VocabularyLimits {
  /** Words that are seen less often become unknown. */
  readonly minimumFrequency: number;
  /** Tokens of the vocabulary, the unknown one included. */
  readonly maximumSize: number;
}

/** What a Hugging Face library needs beside tokenizer.json to load it by folder. */
export const wordTokenizerConfig = {
  tokenizer_class: 'PreTrainedTokenizerFast',
  unk_token: unknownToken,
} as const;

/** Counts words with the very normaliser that later encodes them. */
export class WordCounter {
  readonly #counts = new Map<string, number>();
  readonly #tokenizer = new Tokenizer(wordTokenizerJson([unknownToken]), wordTokenizerConfig);

  add(text: string): void {
    for (const word of this.#tokenizer.tokenize(text)) {
      this.#counts.set(word, (this.#counts.get(word) ?? 0) + 1);
    }
  }

  /** The vocabulary: `[UNK]`, then words by falling frequency, equally frequent ones by code units. */
  vocabulary({ minimumFrequency, maximumSize }: VocabularyLimits): string[] {
    const words = [...this.#counts]
      .filter(([word, count]) => count >= minimumFrequency && word !== unknownToken)
      .sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
      .map(([word]) => word);
    return [unknownToken, ...words.slice(0, maximumSize - 1)];
  }
}

/** The contents of tokenizer.json; token i is vocabulary[i]. */
export function wordTokenizerJson(vocabulary: readonly string[]): object {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [
      {
        id: 0,
        content: unknownToken,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      },
    ],
    normalizer: { type: 'Sequence', normalizers },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'WhitespaceSplit' },
        { type: 'Split', pattern: { Regex: punctuation }, behavior: 'Isolated', invert: false },
      ],
    },
    post_processor: null,
    decoder: null,
    model: {
      type: 'WordLevel',
      vocab: Object.fromEntries(vocabulary.map((word, id) => [word, id])),
      unk_token: unknownToken,
    },
  };
}

// Python's and JavaScript's libraries disagree on whether U+0085 and U+FEFF are white space, and on
// the lower case of a sigma at the end of a word; here both see the same.
const normalizers = [
  { type: 'NFC' },
  { type: 'Lowercase' },
  { type: 'Replace', pattern: { String: '\u0085' }, content: ' ' },
  { type: 'Replace', pattern: { String: '\ufeff' }, content: ' ' },
  { type: 'Replace', pattern: { String: 'ς' }, content: 'σ' },
];

/**
 * Punctuation, written out: ASCII, Latin-1, general punctuation, CJK and full-width forms. The
 * pre-tokenizers that know punctuation by themselves differ between the libraries: in what they
 * do with `...`, and in the version of Unicode.
 */
const punctuation =
  '[!-/:-@\\[-`{-~\u00a1\u00a7\u00ab\u00b6\u00b7\u00bb\u00bf\u2010-\u2027\u2030-\u205e' +
  '\u3001-\u3003\u3008-\u3011\u3014-\u301f\u30fb\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]';
