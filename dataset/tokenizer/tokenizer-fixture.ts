/** Learnt tokenizers and golden files, for tests. */
import { readFileSync } from 'node:fs';
import { projectRoot } from '../../shared/project-root.js';
import { type LearnOptions, type LearntTokenizer, learnTokenizer } from './learn-tokenizer.js';
import { WordCounter } from './word-counter.js';

export interface Golden {
  /** Which version of Python's tokenizers has read `tokenizer` and encoded the cases. */
  readonly madeWith: string;
  /** The texts that `tokenizer` is learnt from, where it is one of ours. */
  readonly learnt: readonly string[];
  readonly tokenizer: object;
  readonly cases: readonly (readonly [text: string, ids: readonly number[]])[];
}

/** `dataset/tokenizer/golden/encode.py` fills in the ids. */
export const readGolden = (name: string): Golden =>
  JSON.parse(
    readFileSync(new URL(`dataset/tokenizer/golden/${name}.json`, projectRoot), 'utf8'),
  ) as Golden;

export function learn(
  texts: readonly string[],
  options: Partial<LearnOptions> = {},
): LearntTokenizer {
  const counter = new WordCounter();
  for (const text of texts) counter.add(text);
  const defaults = { model: 'auto', minimumFrequency: null, maximumSize: 32_768 } as const;
  return learnTokenizer(counter, { ...defaults, ...options });
}

/** The vocabulary by ids. */
export function vocabularyOf({ json }: LearntTokenizer): string[] {
  const { vocab } = (JSON.parse(json) as { model: { vocab: Record<string, number> } }).model;
  return Object.entries(vocab)
    .sort(([, a], [, b]) => a - b)
    .map(([token]) => token);
}
