/**
 * A tokenizer of subwords: words as in `word-tokenizer.ts`, spelled in bytes, of which pairs that stand
 * side by side often have become tokens of their own (byte-pair encoding: Sennrich, Haddow and Birch,
 * https://arxiv.org/abs/1508.07909, section 3.2). Every byte is a token, so nothing is unknown. A
 * word's last byte carries the space behind it: a word has the same tokens wherever it stands.
 */

import { byteCharacter } from './byte-characters.js';
import type { LearntMerges } from './learn-merges.js';
import { learntNormalizer, learntPreTokenizer } from './learnt-json.js';

/** What a Hugging Face library needs beside tokenizer.json to load it by folder. */
export const subwordTokenizerConfig = {
  tokenizer_class: 'PreTrainedTokenizerFast',
  clean_up_tokenization_spaces: false,
} as const;

const space = byteCharacter[0x20]!;

/** Bytes that UTF-8 text without spaces can hold. */
const innerBytes = range(256).filter(
  (byte) => byte !== 0x20 && byte !== 0xc0 && byte !== 0xc1 && byte < 0xf5,
);
/** Those that can end it: no byte above these is a character's last. */
const lastBytes = innerBytes.filter((byte) => byte < 0xc0);

const innerIds = new Int32Array(256).fill(-1);
const lastIds = new Int32Array(256).fill(-1);
for (const [id, byte] of innerBytes.entries()) innerIds[byte] = id;
for (const [index, byte] of lastBytes.entries()) lastIds[byte] = innerBytes.length + index;

/** The spelling of the tokens before any merge. */
export const byteTokens: readonly string[] = [
  ...innerBytes.map((byte) => byteCharacter[byte]!),
  ...lastBytes.map((byte) => `${byteCharacter[byte]!}${space}`),
];

const encoder = new TextEncoder();

/** A word as tokens of single bytes. */
export function spell(word: string): Int32Array {
  const bytes = encoder.encode(word);
  const ids = Int32Array.from(bytes, (byte) => innerIds[byte]!);
  if (bytes.length > 0) ids[bytes.length - 1] = lastIds[bytes[bytes.length - 1]!]!;
  return ids;
}

/** The contents of tokenizer.json. */
export function subwordTokenizerJson({ tokens, merges }: LearntMerges): object {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: learntNormalizer('ideographs'),
    pre_tokenizer: learntPreTokenizer('ideographs', [byteLevel]),
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: space,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: merges.map(([left, right]) => `${tokens[left]!} ${tokens[right]!}`),
    },
  };
}

const byteLevel = {
  type: 'ByteLevel',
  add_prefix_space: false,
  trim_offsets: false,
  use_regex: false,
} as const;

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}
