import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { firstOfText, type ItemTokens } from './same-texts.js';

function tokensOf(texts: readonly (readonly number[])[]): ItemTokens {
  const itemTokenOffsets = new Uint32Array(texts.length + 1);
  texts.forEach((text, item) => {
    itemTokenOffsets[item + 1] = (itemTokenOffsets[item] as number) + text.length;
  });
  return { itemTokens: Int32Array.from(texts.flat()), itemTokenOffsets };
}

test('texts that differ only behind the cut are the same', () => {
  // Catches a comparison of whole texts: the model has never seen where they differ.
  const texts = tokensOf([[1, 2, 3], [1, 2], [1, 2, 4], [1], [2, 1, 3]]);
  assert.deepEqual([...firstOfText(texts, 2)], [0, 0, 0, 3, 4]);
  assert.deepEqual([...firstOfText(texts, 3)], [0, 1, 2, 3, 4]);
});

test('the first of a text is the one that a search from the front finds', () => {
  // Catches a hash that is taken for the text, and a table that loses what it holds.
  const text = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(text, { maxLength: 60 }), fc.integer({ min: 1, max: 6 }), (all, cut) => {
      const spelt = all.map((tokens) => tokens.slice(0, cut).join());
      const expected = spelt.map((each) => spelt.indexOf(each));
      assert.deepEqual([...firstOfText(tokensOf(all), cut)], expected);
    }),
  );
});
