import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Sequences } from '../../tables/interactions-table.js';
import { filterSequences } from './filter-sequences.js';

const itemCount = 6;

function sequencesOf(users: readonly (readonly number[])[]): Sequences {
  const offsets = new Uint32Array(users.length + 1);
  users.forEach((items, user) => {
    offsets[user + 1] = offsets[user]! + items.length;
  });
  // A label for each item, by which a label that moved on its own shows.
  const items = Int32Array.from(users.flat());
  return { offsets, items, labels: Uint8Array.from(items, (item) => item % 2) };
}

function usersOf({ offsets, items, labels }: Sequences): number[][] {
  assert.deepEqual(
    labels,
    Uint8Array.from(items, (item) => item % 2),
  );
  return Array.from({ length: offsets.length - 1 }, (_, user) => [
    ...items.subarray(offsets[user]!, offsets[user + 1]!),
  ]);
}

const users = fc.array(fc.array(fc.nat(itemCount - 1), { maxLength: 8 }), { maxLength: 8 });

test('of a pair that repeats, the first stays or the last, and the order stays', () => {
  const filtered = (deduplicate: 'first' | 'last') =>
    usersOf(
      filterSequences(sequencesOf([[1, 2, 1, 3], [1]]), itemCount, { deduplicate }).sequences,
    );
  assert.deepEqual(filtered('first'), [[1, 2, 3], [1]]);
  assert.deepEqual(filtered('last'), [[2, 1, 3], [1]]);
});

test('users and items go by turns until none has too few', () => {
  // Catches a filter that looks once: user 2 falls only because items 4 and 5 fell with user 1.
  const { sequences, applied } = filterSequences(
    sequencesOf([[0, 1], [4], [4, 5, 0], [0, 1]]),
    itemCount,
    { minimumUserInteractions: 2, minimumItemInteractions: 2 },
  );
  assert.deepEqual(usersOf(sequences), [[0, 1], [], [], [0, 1]]);
  assert.deepEqual(applied, [
    {
      filter: 'min-interactions',
      options: { 'min-user-interactions': 2, 'min-item-interactions': 2 },
      removed: { rows: 4, users: 2, items: 2 },
    },
  ]);
});

/** As one would say it: take one user or item that has too few, all its rows go, and again. */
function naiveCore(all: readonly (readonly number[])[], leastUser: number, leastItem: number) {
  let current = all.map((items) => [...items]);
  for (;;) {
    const few = current.findIndex((items) => items.length > 0 && items.length < leastUser);
    const counts = new Map<number, number>();
    for (const item of current.flat()) counts.set(item, (counts.get(item) ?? 0) + 1);
    const [rare] = [...counts].find(([, count]) => count < leastItem) ?? [];
    if (few >= 0) current[few] = [];
    else if (rare !== undefined) current = current.map((own) => own.filter((x) => x !== rare));
    else return current;
  }
}

test('the core is the one that removing them one by one leaves, and what is gone adds up', () => {
  fc.assert(
    fc.property(
      users,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      (all, u, i) => {
        const { sequences, applied } = filterSequences(sequencesOf(all), itemCount, {
          minimumUserInteractions: u,
          minimumItemInteractions: i,
        });
        const left = naiveCore(all, u, i);
        assert.deepEqual(usersOf(sequences), left);
        const distinct = (rows: readonly (readonly number[])[]) => new Set(rows.flat()).size;
        const active = (rows: readonly (readonly number[])[]) =>
          rows.filter(({ length }) => length > 0).length;
        assert.deepEqual(applied[0]!.removed, {
          rows: all.flat().length - left.flat().length,
          users: active(all) - active(left),
          items: distinct(all) - distinct(left),
        });
      },
    ),
    { numRuns: 500 },
  );
});

test('pairs that repeat go before users and items are counted', () => {
  // Catches a user who stays because of one item, used often.
  const { sequences } = filterSequences(
    sequencesOf([
      [1, 1, 1],
      [1, 2, 3],
    ]),
    itemCount,
    {
      deduplicate: 'first',
      minimumUserInteractions: 3,
    },
  );
  assert.deepEqual(usersOf(sequences), [[], [1, 2, 3]]);
});

test('without a filter nothing is touched', () => {
  fc.assert(
    fc.property(users, (all) => {
      const { sequences, applied } = filterSequences(sequencesOf(all), itemCount, {});
      assert.deepEqual([usersOf(sequences), applied], [all, []]);
    }),
  );
});
