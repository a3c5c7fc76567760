import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { topItems } from './top-items.js';

// Would catch an item lost or doubled where the short list is full, ties in the order of chance, and
// items left out that take a place.
test('the top is the begin of the whole ranking', () => {
  const cases = fc.record({
    scores: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 8 }),
    groups: fc.array(fc.nat(), { maxLength: 30 }),
    top: fc.integer({ min: 1, max: 12 }),
    leftOut: fc.uniqueArray(fc.nat({ max: 29 })),
  });
  fc.assert(
    fc.property(cases, ({ scores, groups, top, leftOut }) => {
      const groupOf = Int32Array.from(groups, (group) => group % scores.length);
      const all = Array.from(groupOf, (group, item) => ({ item, score: scores[group] as number }));
      const whole = all
        .filter(({ item }) => !leftOut.includes(item))
        .sort((a, b) => b.score - a.score || a.item - b.item);
      const isLeftOut = (item: number): boolean => leftOut.includes(item);
      assert.deepEqual(topItems(scores, groupOf, top, isLeftOut), whole.slice(0, top));
    }),
  );
});

// Would catch weights of NaN that recommend the first items of the catalogue to everyone.
test('a score that is no number is refused', () => {
  assert.throws(() => topItems([Number.NaN], Int32Array.of(0), 1, () => false), /item 0/);
});
