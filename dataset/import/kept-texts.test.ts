import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cutLength, TextKeeper } from './kept-texts.js';

test('many items share what there is for all evenly, so that each has something', () => {
  // Catches a total that the first items use up.
  const keeper = new TextKeeper(4, 100, 40);
  for (let item = 0; item < 4; item++) keeper.add('x'.repeat(10 + item));
  const { bytes, offsets, cut } = keeper.take();
  assert.deepEqual([bytes.length, [...offsets], cut], [40, [0, 10, 20, 30, 40], 3]);
});

test('a cut text is the start of the text, and as long as whole characters allow', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(40), (text, most) => {
      const bytes = Buffer.from(text);
      const length = cutLength(bytes, most);
      const kept = bytes.subarray(0, length).toString();
      assert.ok(length <= most || length === bytes.length);
      assert.ok(bytes.toString().startsWith(kept));
      assert.ok(length === bytes.length || most - length < 4);
    }),
  );
});
