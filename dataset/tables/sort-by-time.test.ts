import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sortSequencesByTime, type Times } from './sort-by-time.js';

test("every user's items are in order of time, equal times in the order of the file", () => {
  // Catches an unstable sort, runs merged across users, and an off-by-one in the last merge.
  const sequences = fc.array(fc.array(fc.nat(9), { maxLength: 120 }), { maxLength: 6 });
  fc.assert(
    fc.property(sequences, fc.boolean(), (users, exact) => {
      const offsets = new Uint32Array(users.length + 1);
      users.forEach((times, user) => {
        offsets[user + 1] = offsets[user]! + times.length;
      });
      // An item is its place in the file, so that the order of equal times can be seen.
      const items = Int32Array.from({ length: offsets.at(-1)! }, (_, index) => index);
      const flat = users.flat();
      const times: Times = exact ? Float64Array.from(flat) : Uint32Array.from(flat);
      sortSequencesByTime(offsets, items, times);
      const expected = users.flatMap((own, user) =>
        own
          .map((time, index) => ({ time, item: offsets[user]! + index }))
          .sort((a, b) => a.time - b.time || a.item - b.item),
      );
      assert.deepEqual(
        [...items],
        expected.map(({ item }) => item),
      );
      assert.deepEqual(
        [...times],
        expected.map(({ time }) => time),
      );
    }),
  );
});

test('times before 1970 and fractions keep their order', () => {
  const items = Int32Array.of(1, 2, 3, 4);
  const times = Float64Array.of(0.5, -10, 0.25, -10);
  sortSequencesByTime(Uint32Array.of(0, 4), items, times);
  assert.deepEqual([...items], [2, 4, 3, 1]);
});
