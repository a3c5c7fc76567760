import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CatalogueRanker, singleItems } from './catalogue-rank.js';

const ranker = (items: number) => new CatalogueRanker(singleItems(items));

test('items with higher scores stand before the target, unless the user has had them', () => {
  const five = ranker(5);
  const scores = Float32Array.of(5, 4, 3, 2, 1);
  assert.deepEqual(five.place(scores, { history: [], target: 2 }), { better: 2, tied: 1 });
  assert.deepEqual(five.place(scores, { history: [0], target: 2 }), { better: 1, tied: 1 });
  assert.deepEqual(five.place(scores, { history: [0, 1, 4], target: 2 }), { better: 0, tied: 1 });
});

test('an item that the history has twice is masked once', () => {
  // Catches a mask by subtraction that subtracts every occurrence.
  const question = { history: [0, 0, 0], target: 2 };
  assert.deepEqual(ranker(3).place([3, 2, 1], question), { better: 1, tied: 1 });
});

test('one user does not mask for the next', () => {
  // Catches marks that outlive their user.
  const three = ranker(3);
  assert.equal(three.place([3, 2, 1], { history: [0, 1], target: 2 }).better, 0);
  assert.equal(three.place([3, 2, 1], { history: [], target: 2 }).better, 2);
});

test('a model that gives all items one score has the target at any place', () => {
  // Catches a collapsed model that looks perfect because ties count for it, or worse than chance
  // because they count against it.
  const place = ranker(4).place([7, 7, 7, 7], { history: [1], target: 0 });
  assert.deepEqual(place, { better: 0, tied: 3 });
});

test('a held-out item that the history has is not masked with it', () => {
  // Catches a user who comes back to an item and so counts as the worst miss, whatever the model.
  const place = ranker(4).place([5, 9, 2, 5], { history: [0, 1, 0], target: 0 });
  assert.deepEqual(place, { better: 0, tied: 2 });
});

test('items of one group share their place, but for those that the user has had', () => {
  // Catches groups that count as one item, and a mask that takes a whole group.
  const groups = { groupOf: Int32Array.of(0, 1, 0, 0, 1), sizes: Int32Array.of(3, 2) };
  const grouped = new CatalogueRanker(groups);
  assert.deepEqual(grouped.place([1, 2], { history: [], target: 3 }), { better: 2, tied: 3 });
  assert.deepEqual(grouped.place([1, 2], { history: [1, 0], target: 3 }), { better: 1, tied: 2 });
});

test('a score of minus infinity is a score', () => {
  const place = ranker(2).place([0, -Infinity], { history: [], target: 1 });
  assert.deepEqual(place, { better: 1, tied: 1 });
});

test('NaN among the scores is refused, whoever has it', () => {
  // Catches a diverged model with a perfect evaluation: every comparison with NaN is false.
  for (const scores of [
    [Number.NaN, 1, 2],
    [1, 2, Number.NaN],
    [1, 2],
  ]) {
    assert.throws(() => ranker(3).place(scores, { history: [2], target: 0 }), RangeError);
  }
});

test('places are what sorting the unmasked catalogue gives', () => {
  // Catches every wrong count, against the obvious slow way.
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 30 }),
      fc.array(fc.nat(29), { maxLength: 20 }),
      fc.nat(29),
      (scores, anyHistory, anyTarget) => {
        const target = anyTarget % scores.length;
        const history = anyHistory.filter((item) => item < scores.length);
        const left = scores.map((_, item) => item);
        const sorted = left
          .filter((item) => item === target || !history.includes(item))
          .sort((a, b) => scores[b]! - scores[a]!);
        const first = sorted.findIndex((item) => scores[item] === scores[target]);
        const last = sorted.findLastIndex((item) => scores[item] === scores[target]);
        assert.deepEqual(ranker(scores.length).place(scores, { history, target }), {
          better: first,
          tied: last - first + 1,
        });
      },
    ),
  );
});
