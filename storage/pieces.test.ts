import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { piecesOf, pieceViews } from './pieces.js';

// Catches: a gap or an overlap where a range ends off a piece's edge, above 2^31 and 2^32 too.
test('pieces cover a range once, in order, none too large', () => {
  const range = fc.tuple(
    fc.nat({ max: 2 ** 40 }),
    fc.nat({ max: 1000 }),
    fc.integer({ min: 1, max: 99 }),
  );
  fc.assert(
    fc.property(range, ([begin, length, most]) => {
      let at = begin;
      for (const piece of piecesOf({ begin, end: begin + length }, most)) {
        assert.equal(piece.begin, at);
        assert.ok(piece.end > piece.begin && piece.end - piece.begin <= most);
        at = piece.end;
      }
      assert.equal(at, begin + length);
    }),
  );
});

// Catches: 32-bit arithmetic on offsets.
test('five gibibytes are cut like five bytes', () => {
  const gibibyte = 2 ** 30;
  const pieces = [...piecesOf({ begin: 0, end: 5 * gibibyte + 1 }, 2 * gibibyte)];
  assert.deepEqual(pieces, [
    { begin: 0, end: 2 * gibibyte },
    { begin: 2 * gibibyte, end: 4 * gibibyte },
    { begin: 4 * gibibyte, end: 5 * gibibyte + 1 },
  ]);
});

// Catches: a view that starts at the buffer's start in place of its own, or one that copies.
test('the pieces of a view are views of its bytes', () => {
  const floats = new Float32Array(new SharedArrayBuffer(24), 8, 2);
  const [piece, ...more] = pieceViews(floats);
  assert.deepEqual(more, []);
  assert.equal(piece?.byteLength, 8);
  piece?.set([0, 0, 0x80, 0x3f]);
  assert.deepEqual([...floats], [1, 0]);
});
