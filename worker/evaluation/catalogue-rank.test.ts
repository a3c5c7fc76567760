import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CatalogueRanker } from './catalogue-rank.js';

test('items with higher scores stand before the target, unless the user has had them', () => {
  const ranker = new CatalogueRanker(5);
  const scores = Float32Array.of(5, 4, 3, 2, 1);
  assert.equal(ranker.rank(scores, { history: [], target: 2 }), 2);
  assert.equal(ranker.rank(scores, { history: [0], target: 2 }), 1);
  assert.equal(ranker.rank(scores, { history: [0, 1, 4], target: 2 }), 0);
});

test('an item that the history has twice is masked once', () => {
  // Catches a mask by subtraction that subtracts every occurrence.
  const ranker = new CatalogueRanker(3);
  assert.equal(ranker.rank([3, 2, 1], { history: [0, 0, 0], target: 2 }), 1);
  assert.equal(ranker.rankInOrder(Int32Array.of(0, 1, 2), { history: [0, 0, 0], target: 2 }), 1);
});

test('one user does not mask for the next', () => {
  // Catches marks that outlive their user.
  const ranker = new CatalogueRanker(3);
  assert.equal(ranker.rank([3, 2, 1], { history: [0, 1], target: 2 }), 0);
  assert.equal(ranker.rank([3, 2, 1], { history: [], target: 2 }), 2);
});

test('a model that gives all items one score ranks the target last', () => {
  // Catches a collapsed model that looks perfect because ties count for it.
  assert.equal(new CatalogueRanker(4).rank([7, 7, 7, 7], { history: [], target: 0 }), 3);
});

test('a held-out item that the history has cannot be found', () => {
  // Catches a rank that the mask would not allow: HLLM sets such scores to minus infinity.
  assert.equal(new CatalogueRanker(4).rank([9, 1, 2, 3], { history: [0], target: 0 }), 4);
});

test('a score of minus infinity is a score', () => {
  assert.equal(new CatalogueRanker(2).rank([0, -Infinity], { history: [], target: 1 }), 1);
});

test('NaN among the scores is refused, whoever has it', () => {
  // Catches a diverged model with a perfect evaluation: every comparison with NaN is false.
  for (const scores of [
    [Number.NaN, 1, 2],
    [1, 2, Number.NaN],
    [1, 2],
  ]) {
    assert.throws(
      () => new CatalogueRanker(3).rank(scores, { history: [2], target: 0 }),
      RangeError,
    );
  }
});

test('ranks are what sorting the unmasked catalogue gives', () => {
  // Catches every wrong count, against the obvious slow way.
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 30 }),
      fc.array(fc.nat(29), { maxLength: 20 }),
      fc.nat(29),
      (scores, anyHistory, anyTarget) => {
        const target = anyTarget % scores.length;
        const history = anyHistory.filter((item) => item < scores.length && item !== target);
        const left = scores.map((_, item) => item).filter((item) => !history.includes(item));
        // Pessimistic: among equals the target comes last.
        left.sort((a, b) => scores[b]! - scores[a]! || Number(a === target) - Number(b === target));
        const ranker = new CatalogueRanker(scores.length);
        assert.equal(ranker.rank(scores, { history, target }), left.indexOf(target));
      },
    ),
  );
});
