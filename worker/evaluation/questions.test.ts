import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluationCase } from '../../dataset/training-view.js';
import { missed } from './catalogue-rank.js';
import { countedPlace, questions, type Repeats } from './questions.js';

/** Users 0 and 3 come back: the one in the test item, the other in the validation item. */
const dataset = {
  users: 4,
  sequenceOffsets: Uint32Array.of(0, 3, 6, 8, 12),
  sequenceItems: Int32Array.of(1, 2, 1, 3, 4, 5, 6, 7, 8, 9, 8, 2),
};

const asked = (split: 'validation' | 'test', repeats: Repeats) => {
  const { users, ...counts } = questions(dataset, split, repeats);
  return { users: [...users], ...counts };
};

test('users who are too short or come back are counted, whatever becomes of them', () => {
  // Catches numbers that depend on the choice, and a split that looks at the other one's item.
  for (const repeats of ['allow', 'count'] as const) {
    assert.deepEqual(asked('test', repeats), {
      split: 'test',
      users: [0, 1, 3],
      tooShort: 1,
      repeats: 1,
    });
  }
  assert.deepEqual(asked('test', 'exclude').users, [1, 3]);
  assert.equal(asked('test', 'exclude').repeats, 1);
  assert.deepEqual(asked('validation', 'exclude').users, [0, 1]);
});

test('only `count` makes a miss of an item that the user has had', () => {
  // Catches data with repeats on which every metric is 0 without a word, for popularity too.
  const place = { better: 2, tied: 1 };
  const again = evaluationCase(dataset, 'test', 0);
  assert.equal(countedPlace(again, place, 'allow'), place);
  assert.equal(countedPlace(again, place, 'count'), missed);
  assert.equal(countedPlace(evaluationCase(dataset, 'test', 1), place, 'count'), place);
});
