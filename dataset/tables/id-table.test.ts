import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IdTable } from './id-table.js';

const utf8 = (text: string): Uint8Array => Buffer.from(text);
const add = (table: IdTable, id: string): number => table.add(utf8(id), 0, utf8(id).length);
const find = (table: IdTable, id: string): number => table.find(utf8(id), 0, utf8(id).length);

test('ids are numbered like a Map would, through every growth of the table', () => {
  // Catches lost ids after rehashing, prefixes taken for ids, and ids numbered twice.
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.nat(400).map(String), fc.string({ unit: 'binary', maxLength: 4 })), {
        maxLength: 600,
      }),
      (ids) => {
        const table = new IdTable();
        const expected = new Map<string, number>();
        for (const id of ids) {
          if (!expected.has(id)) expected.set(id, expected.size);
          assert.equal(add(table, id), expected.get(id));
        }
        assert.equal(table.count, expected.size);
        for (const [id, number] of expected) {
          assert.equal(find(table, id), number);
          assert.equal(table.text(number), id);
        }
        assert.equal(find(table, 'no such id'), -1);
      },
    ),
    { numRuns: 50 },
  );
});

test('100,000 consecutive numbers are found again', () => {
  // Catches a hash that lets near numbers collide: this would take minutes, not milliseconds.
  const table = new IdTable();
  for (let id = 0; id < 100_000; id++) add(table, `${id}`);
  for (let id = 0; id < 100_000; id++) assert.equal(find(table, `${id}`), id);
});

test('a table made of flat arrays finds what they hold', () => {
  const table = new IdTable();
  for (const id of ['', 'a', 'ab', 'b', 'é']) add(table, id);
  const copy = IdTable.from(table.flat());
  assert.deepEqual(
    ['', 'a', 'ab', 'b', 'é', 'abb'].map((id) => find(copy, id)),
    [0, 1, 2, 3, 4, -1],
  );
  assert.equal(add(copy, 'abb'), 5);
});

test('an id is looked up where it lies in a larger buffer', () => {
  const table = new IdTable();
  assert.equal(table.add(utf8('xx42,43'), 2, 4), 0);
  assert.equal(find(table, '42'), 0);
  assert.equal(find(table, '42,43'), -1);
});
