/** Counts the words of texts with the very normaliser that later encodes them. */
import { byCodePoints } from './code-point-order.js';
import { openTokenizer } from './open-tokenizer.js';
import { cutUnspaced, isUnspaced, type UnspacedCut } from './unspaced-scripts.js';
import { unknownToken, wordTokenizerConfig, wordTokenizerJson } from './word-tokenizer.js';

export type WordCounts = ReadonlyMap<string, number>;

export class WordCounter {
  readonly #runs = new Map<string, number>();
  readonly #tokenizer = openTokenizer(wordTokenizerJson([unknownToken], null), wordTokenizerConfig);

  add(text: string): void {
    for (const run of this.#tokenizer.tokenize(text)) {
      this.#runs.set(run, (this.#runs.get(run) ?? 0) + 1);
    }
  }

  /** Whether some text has a script that writes no spaces. */
  hasUnspaced(): boolean {
    for (const run of this.#runs.keys()) if (isUnspaced(run)) return true;
    return false;
  }

  /** Words and how often each occurs. */
  words(cut: UnspacedCut): WordCounts {
    const counts = new Map<string, number>();
    for (const [run, count] of this.#runs) {
      for (const word of cutUnspaced(run, cut)) counts.set(word, (counts.get(word) ?? 0) + count);
    }
    counts.delete(unknownToken);
    return counts;
  }
}

/** Words by falling frequency, equally frequent ones by code points: no order of texts is seen. */
export function byFrequency(counts: WordCounts): string[] {
  return [...counts]
    .sort(([a, countA], [b, countB]) => countB - countA || byCodePoints(a, b))
    .map(([word]) => word);
}
