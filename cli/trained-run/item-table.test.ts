import assert from 'node:assert/strict';
import { test } from 'node:test';
import { itemRows, itemTable } from './item-table.js';

const ids = { count: 2, idOf: (item: number) => `i${item}`, numberOf: () => -1 };
const items = [
  { item: 1, score: 0.98765 },
  { item: 0, score: -0.5 },
];

// Would catch scores under each other's items, and a title of a page that pushes them off the screen.
test('items are numbered from one, with titles where there are any', () => {
  const title = (item: number): string => (item === 0 ? 'x'.repeat(99) : 'Alien');
  assert.deepEqual(itemTable(itemRows(items, { ids, title }), 'cosine').split('\n'), [
    `#  title${' '.repeat(55)}  item   cosine`,
    `1  Alien${' '.repeat(55)}    i1   0.9877`,
    `2  ${'x'.repeat(59)}…    i0  -0.5000`,
  ]);
  assert.deepEqual(itemTable(itemRows(items, { ids, title: null }), 'cosine').split('\n'), [
    '#  item   cosine',
    '1  i1     0.9877',
    '2  i0    -0.5000',
  ]);
});
