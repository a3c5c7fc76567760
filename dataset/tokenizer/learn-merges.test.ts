import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { learnMerges, type WeightedWord } from './learn-merges.js';

/** The same by the definition: all pairs are counted anew for each merge. */
function learnSlowly(
  words: readonly WeightedWord[],
  alphabet: readonly string[],
  maximumSize: number,
  minimumFrequency: number,
): string[] {
  const tokens = [...alphabet];
  const merges = new Set<string>();
  let texts = words.map(({ tokens, count }) => ({ tokens: [...tokens], count }));
  while (tokens.length < maximumSize) {
    const counts = new Map<string, number>();
    for (const { tokens, count } of texts) {
      for (let i = 1; i < tokens.length; i++) {
        const pair = `${tokens[i - 1]} ${tokens[i]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + count);
      }
    }
    const ids = (pair: string) => pair.split(' ').map(Number) as [number, number];
    const [best] = [...counts].sort(
      ([a, countA], [b, countB]) =>
        countB - countA || ids(a)[0] - ids(b)[0] || ids(a)[1] - ids(b)[1],
    );
    if (best === undefined || best[1] < minimumFrequency) break;
    merges.add(best[0]);
    const [left, right] = ids(best[0]);
    const spelling = tokens[left]! + tokens[right]!;
    const known = tokens.indexOf(spelling);
    const merged = known < 0 ? tokens.push(spelling) - 1 : known;
    texts = texts.map(({ tokens, count }) => ({
      tokens: replaced(tokens, [left, right], merged),
      count,
    }));
  }
  return [...merges];
}

function replaced(tokens: readonly number[], pair: readonly number[], merged: number): number[] {
  const result: number[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const here = tokens[i] === pair[0] && tokens[i + 1] === pair[1];
    result.push(here ? merged : tokens[i]!);
    if (here) i++;
  }
  return result;
}

test('merges are those of the definition, whatever overlaps and whoever is first', () => {
  // Catches counts that drift when a merge changes its neighbours, "aaa", ties by the order of words, and
  // two pairs that spell one token.
  const word = fc.record({
    tokens: fc
      .array(fc.nat(2), { minLength: 1, maxLength: 9 })
      .map((tokens) => Int32Array.from(tokens)),
    count: fc.integer({ min: 1, max: 4 }),
  });
  const property = fc.property(
    fc.array(word, { maxLength: 9 }),
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 3, max: 30 }),
    (words, minimumFrequency, maximumSize) => {
      const alphabet = ['a', 'b', 'c'];
      const limits = { minimumFrequency, maximumSize };
      const { merges } = learnMerges(words.toReversed(), alphabet, limits);
      assert.deepEqual(
        merges.map((pair) => pair.join(' ')),
        learnSlowly(words, alphabet, maximumSize, minimumFrequency),
      );
    },
  );
  fc.assert(property, { numRuns: 500 });
});

test('counts far above 2^31 are exact', () => {
  const tokens = (...ids: number[]) => Int32Array.from(ids);
  const words = [
    { tokens: tokens(0, 1), count: 2 ** 40 },
    { tokens: tokens(1, 0), count: 2 ** 40 + 1 },
  ];
  const { merges } = learnMerges(words, ['a', 'b'], { minimumFrequency: 1, maximumSize: 3 });
  assert.deepEqual(merges, [[1, 0]]);
});
