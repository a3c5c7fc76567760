import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../usage-error.js';
import { findItem, findUser, type ItemNames, itemName } from './find-item.js';

const items = [
  ['10', 'Star Wars'],
  ['11', 'Star Trek'],
  ['12', 'Alien'],
  ['13', 'Aliens'],
  ['14', '12'],
  ['fargo', 'Fargo, The Film'],
] as const;

const ids = {
  count: items.length,
  idOf: (number: number) => items[number]?.[0] as string,
  numberOf: (id: string) => items.findIndex(([known]) => known === id),
};
const names: ItemNames = { ids, title: (item) => items[item]?.[1] as string };

const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    return error.message;
  }
  return assert.fail('it was found');
};

// Would catch a title that hides an id, and `Alien`, which could never be named for the sake of `Aliens`.
test('an id goes before a title, a whole title before a part of one', () => {
  const found = ['12', 'alien', 'ALIENS', 'wars', ' fargo, the '].map((it) => findItem(it, names));
  assert.deepEqual(found, [2, 2, 3, 0, 5]);
  assert.equal(itemName(0, names), 'Star Wars (10)');
  assert.equal(itemName(0, { ids, title: null }), '10');
});

// Would catch the first of many titles taken for the one that was meant.
test('a part of several titles is refused, and they are named', () => {
  assert.equal(
    refusal(() => findItem('star', names)),
    'Cannot tell which item "star" is: 2 titles have it: Star Wars (10), Star Trek (11): ' +
      'it must be an id, or a part of one title alone',
  );
});

// Would catch an error that leaves the user to guess what ids look like.
test('what is unknown is refused with the nearest, or with examples', () => {
  assert.match(
    refusal(() => findItem('star wrs', names)),
    /must be an id, or a part of one title alone: the nearest are Star Wars, Star Trek$/,
  );
  assert.match(
    refusal(() => findItem('x'.repeat(100), { ids, title: null })),
    /has this id \(it keeps no titles\): it must be an id, such as 10, 11, 12$/,
  );
  assert.match(
    refusal(() => findItem(' ', names)),
    /^Cannot find the item " "/,
  );
  assert.match(
    refusal(() => findUser('fargos', ids)),
    /must be one of theirs: the nearest are fargo$/,
  );
});
