import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandTable } from './command-table.js';
import { nearestName } from './nearest-name.js';

const names = commandTable.map(({ name }) => name);

// Would catch a list of thirty names where one letter was wrong, and a guess at what nobody meant.
for (const [word, meant] of [
  ['trian', 'train'],
  ['dashbord', 'dashboard'],
  ['evaluate', null],
  ['--hlep', null],
  ['tpo', 'top'],
  ['bogus', null],
  ['x', null],
  ['', null],
] as const) {
  test(`"${word}" is taken for ${meant ?? 'no command'}`, () => {
    assert.equal(nearestName(word, names), meant);
  });
}
