/**
 * A tokenizer learnt from a dataset's texts: words in lower case, punctuation apart, unknown words
 * as `[UNK]`. Its file is Hugging Face's tokenizer.json with the model `WordLevel`.
 */
import { learntNormalizer, learntPreTokenizer } from './learnt-json.js';
import type { UnspacedCut } from './unspaced-scripts.js';

export const unknownToken = '[UNK]';

/** What a Hugging Face library needs beside tokenizer.json to load it by folder. */
export const wordTokenizerConfig = {
  tokenizer_class: 'PreTrainedTokenizerFast',
  unk_token: unknownToken,
} as const;

/**
 * The contents of tokenizer.json; token i is vocabulary[i].
 *
 * @param cut null: no text has a script without spaces, so nothing needs to be cut
 */
export function wordTokenizerJson(vocabulary: readonly string[], cut: UnspacedCut | null): object {
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
    normalizer: learntNormalizer(cut),
    pre_tokenizer: learntPreTokenizer(cut),
    post_processor: null,
    decoder: null,
    model: {
      type: 'WordLevel',
      vocab: Object.fromEntries(vocabulary.map((word, id) => [word, id])),
      unk_token: unknownToken,
    },
  };
}
