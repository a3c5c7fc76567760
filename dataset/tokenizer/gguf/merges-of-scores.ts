/**
 * SentencePiece has no merges but a score for each piece: whichever neighbours make the piece with the
 * highest score are joined first. As merges by rank that is every pair of tokens that makes a token, by
 * the token's score.
 *
 * Source: `generate_merges` of `convert_slow_tokenizer.py` in `transformers`.
 */
import { GgufTokenizerError } from './gguf-tokenizer-error.js';
import type { Vocabulary } from './gguf-vocabulary.js';

type Merge = readonly [left: string, right: string];

interface Ranked {
  readonly merge: Merge;
  readonly score: number;
  /** In code points. */
  readonly lengths: readonly [number, number];
}

/** @throws GgufTokenizerError */
export function mergesOfScores({ tokens, scores }: Vocabulary): Merge[] {
  if (scores === null) throw new GgufTokenizerError('tokenizer.ggml.scores is missing');
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const ranked = tokens.flatMap((token, id) => pairsOf(token, scores[id] as number, ids));
  ranked.sort(
    (a, b) => b.score - a.score || b.lengths[0] - a.lengths[0] || b.lengths[1] - a.lengths[1],
  );
  return ranked.map(({ merge }) => merge);
}

function pairsOf(token: string, score: number, ids: ReadonlyMap<string, number>): Ranked[] {
  const characters = [...token];
  const pairs: Ranked[] = [];
  for (let cut = 1; cut < characters.length; cut++) {
    const merge = [characters.slice(0, cut).join(''), characters.slice(cut).join('')] as const;
    if (!ids.has(merge[0]) || !ids.has(merge[1])) continue;
    pairs.push({ merge, score, lengths: [cut, characters.length - cut] });
  }
  const id = (part: string): number => ids.get(part) as number;
  return pairs.sort(({ merge: a }, { merge: b }) => id(a[0]) - id(b[0]) || id(a[1]) - id(b[1]));
}
