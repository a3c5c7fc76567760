/** Which tokenizer a dataset's texts get, and its files: a function of the words' counts alone. */
import { limits } from '../limits.js';
import type { TokenizerFiles } from './item-tokenizer.js';
import { learnMerges, type WeightedWord } from './learn-merges.js';
import {
  byteTokens,
  spell,
  subwordTokenizerConfig,
  subwordTokenizerJson,
} from './subword-tokenizer.js';
import { byFrequency, type WordCounter, type WordCounts } from './word-counter.js';
import { unknownToken, wordTokenizerConfig, wordTokenizerJson } from './word-tokenizer.js';

/** Words as tokens; or subwords, learnt by byte-pair encoding. */
export type LearntModel = 'word' | 'bpe';

export interface LearnOptions {
  /** `auto`: words where there are few of them, or else subwords. */
  readonly model: LearntModel | 'auto';
  /** Words (default 1) or pairs of subwords (default 2) that are seen less often get no token. */
  readonly minimumFrequency: number | null;
  /** Tokens of the vocabulary, the unknown one included. */
  readonly maximumSize: number;
}

export interface LearntTokenizer extends TokenizerFiles {
  readonly model: LearntModel;
  readonly minimumFrequency: number;
  /** Distinct words of the texts, and those among them that occur once. */
  readonly words: number;
  readonly wordsOnce: number;
}

export function learnTokenizer(counter: WordCounter, options: LearnOptions): LearntTokenizer {
  const words = counter.words('characters');
  const model = options.model === 'auto' ? chooseModel(words, options) : options.model;
  const minimumFrequency = options.minimumFrequency ?? (model === 'word' ? 1 : 2);
  const complete = { ...options, minimumFrequency };
  const files =
    model === 'word' ? learnWords(counter, words, complete) : learnSubwords(counter, complete);
  let wordsOnce = 0;
  for (const count of words.values()) if (count === 1) wordsOnce++;
  return { ...files, model, minimumFrequency, words: words.size, wordsOnce };
}

/** Words as long as every one has a token; a vocabulary too small for bytes can only hold words. */
function chooseModel(
  words: WordCounts,
  { minimumFrequency, maximumSize }: LearnOptions,
): LearntModel {
  if (maximumSize <= byteTokens.length) return 'word';
  let frequent = 0;
  for (const count of words.values()) if (count >= (minimumFrequency ?? 1)) frequent++;
  return frequent < Math.min(limits.wordVocabulary, maximumSize) ? 'word' : 'bpe';
}

type CompleteOptions = LearnOptions & { readonly minimumFrequency: number };

function learnWords(
  counter: WordCounter,
  words: WordCounts,
  { minimumFrequency, maximumSize }: CompleteOptions,
): TokenizerFiles {
  const frequent = byFrequency(words).filter((word) => words.get(word)! >= minimumFrequency);
  const vocabulary = [unknownToken, ...frequent.slice(0, maximumSize - 1)];
  // A catalogue that has no such script keeps the shorter file.
  const cut = counter.hasUnspaced() ? 'characters' : null;
  return files(wordTokenizerJson(vocabulary, cut), wordTokenizerConfig);
}

function learnSubwords(counter: WordCounter, options: CompleteOptions): TokenizerFiles {
  const learnt = learnMerges(spelled(counter.words('ideographs')), byteTokens, options);
  return files(subwordTokenizerJson(learnt), subwordTokenizerConfig);
}

/** The most frequent words that fit the memory. */
function* spelled(words: WordCounts): Generator<WeightedWord> {
  let bytes = 0;
  for (const word of byFrequency(words)) {
    const tokens = spell(word);
    bytes += tokens.length;
    if (bytes > limits.subwordBytes) return;
    yield { tokens, count: words.get(word)! };
  }
}

function files(json: object, config: object): TokenizerFiles {
  return { json: JSON.stringify(json), config: JSON.stringify(config) };
}
