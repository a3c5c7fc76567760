/**
 * Byte-pair encoding: again and again the pair of neighbouring tokens that occurs most becomes one
 * token. Counts change only where a merge happens, so a merge costs what it touches. The result
 * depends on the words and their counts alone: sums of whole numbers are exact, and equally frequent
 * pairs are taken by their token ids.
 */
import { PairQueue } from './pair-queue.js';
import { PairTable } from './pair-table.js';

export interface WeightedWord {
  /** Token ids, at least one. */
  readonly tokens: Int32Array;
  /** How often the word occurs. */
  readonly count: number;
}

export interface MergeLimits {
  /** Tokens in all, those before any merge included. */
  readonly maximumSize: number;
  /** Pairs that occur less often are left apart. */
  readonly minimumFrequency: number;
}

/** Two tokens that become one; two pairs may spell the same token. */
export interface LearntMerges {
  readonly merges: readonly (readonly [left: number, right: number])[];
  /** Every token's spelling, by id. */
  readonly tokens: readonly string[];
}

/** @param alphabet the spelling of the tokens before any merge, all different */
export function learnMerges(
  words: Iterable<WeightedWord>,
  alphabet: readonly string[],
  { maximumSize, minimumFrequency }: MergeLimits,
): LearntMerges {
  const spellings = new Spellings(alphabet);
  const text = new NeighbouringTokens(words);
  const { pairs } = text;
  const queue = new PairQueue(pairs);
  for (let pair = 0; pair < pairs.size; pair++) queue.push(pair);
  while (spellings.tokens.length < maximumSize) {
    const pair = queue.pop(minimumFrequency);
    if (pair < 0) break;
    const merged = spellings.merge(pairs.left[pair]!, pairs.right[pair]!);
    for (const changed of text.merge(pair, merged)) queue.push(changed);
  }
  return spellings;
}

/** Tokens by id and the merges that have made them. */
class Spellings implements LearntMerges {
  readonly tokens: string[];
  readonly merges: (readonly [number, number])[] = [];
  readonly #ids: Map<string, number>;
  readonly #seen = new Set<string>();

  constructor(alphabet: readonly string[]) {
    this.tokens = [...alphabet];
    this.#ids = new Map(alphabet.map((token, id) => [token, id]));
  }

  merge(left: number, right: number): number {
    const pair = `${left} ${right}`;
    // A pair comes back where another one spells its left or right token; its first rank holds.
    if (!this.#seen.has(pair)) this.merges.push([left, right]);
    this.#seen.add(pair);
    const spelling = this.tokens[left]! + this.tokens[right]!;
    const known = this.#ids.get(spelling);
    if (known !== undefined) return known;
    this.#ids.set(spelling, this.tokens.length);
    return this.tokens.push(spelling) - 1;
  }
}

/** All words one behind the other, each a doubly linked list of the tokens that are left of it. */
class NeighbouringTokens {
  readonly pairs = new PairTable();
  readonly #token: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #weight: Float64Array;

  constructor(words: Iterable<WeightedWord>) {
    const all = [...words];
    const length = all.reduce((sum, { tokens }) => sum + tokens.length, 0);
    this.#token = new Int32Array(length);
    this.#next = new Int32Array(length);
    this.#previous = new Int32Array(length);
    this.#weight = new Float64Array(length);
    let at = 0;
    for (const { tokens, count } of all) {
      for (let i = 0; i < tokens.length; i++, at++) {
        this.#token[at] = tokens[i]!;
        this.#previous[at] = i === 0 ? -1 : at - 1;
        this.#next[at] = i + 1 === tokens.length ? -1 : at + 1;
        this.#weight[at] = count;
        if (i > 0) this.pairs.add(tokens[i - 1]!, tokens[i]!, count, at - 1);
      }
    }
  }

  /** Replaces a pair by one token everywhere; returns the pairs that it has become part of. */
  merge(pair: number, merged: number): Set<number> {
    const [left, right] = [this.pairs.left[pair]!, this.pairs.right[pair]!];
    const changed = new Set<number>();
    for (const place of this.pairs.take(pair)) {
      // In rising order, so that of "aaa" the first two become one, as encoding does it.
      const second = this.#next[place]!;
      if (this.#token[place] !== left || second < 0 || this.#token[second] !== right) continue;
      this.#mergeAt(place, second, merged, changed);
    }
    // What overlapped has been subtracted from it although nothing of it is left.
    this.pairs.count[pair] = 0;
    return changed;
  }

  #mergeAt(place: number, second: number, merged: number, changed: Set<number>): void {
    const [left, right] = [this.#token[place]!, this.#token[second]!];
    const [before, behind] = [this.#previous[place]!, this.#next[second]!];
    const weight = this.#weight[place]!;
    this.#token[place] = merged;
    this.#token[second] = -1;
    this.#next[place] = behind;
    if (before >= 0) {
      const token = this.#token[before]!;
      this.pairs.subtract(token, left, weight);
      changed.add(this.pairs.add(token, merged, weight, before));
    }
    if (behind >= 0) {
      const token = this.#token[behind]!;
      this.#previous[behind] = place;
      this.pairs.subtract(right, token, weight);
      changed.add(this.pairs.add(merged, token, weight, place));
    }
  }
}
