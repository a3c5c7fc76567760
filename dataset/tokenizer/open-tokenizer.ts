/** The library's tokenizer, with what gives other ids than Python's tokenizers replaced. */
import { Tokenizer } from '@huggingface/tokenizers';
import { exactNormalizer, type NormalizerConfig } from './exact-normalizers.js';
import { exactPreTokenizer, type PreTokenizerConfig } from './exact-pre-tokenizers.js';

interface Description {
  readonly normalizer: NormalizerConfig | null;
  readonly pre_tokenizer: PreTokenizerConfig | null;
  readonly added_tokens?: readonly { readonly content: string; readonly single_word?: boolean }[];
}

/**
 * @param json the contents of tokenizer.json
 * @param config those of tokenizer_config.json
 * @throws where they are none, or ask for what cannot be followed
 */
export function openTokenizer(json: object, config: object): Tokenizer {
  const tokenizer = new Tokenizer(json, config);
  const { normalizer, pre_tokenizer, added_tokens = [] } = json as Description;
  const alone = added_tokens.find((token) => token.single_word === true);
  if (alone !== undefined) {
    throw new RangeError(
      `its token ${JSON.stringify(alone.content)} counts as a whole word only (single_word), which is not supported`,
    );
  }
  if (normalizer !== null) tokenizer.normalizer = exactNormalizer(tokenizer.normalizer, normalizer);
  if (pre_tokenizer !== null) {
    tokenizer.pre_tokenizer = exactPreTokenizer(tokenizer.pre_tokenizer, pre_tokenizer);
  }
  return tokenizer;
}
