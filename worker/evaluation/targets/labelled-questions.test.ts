import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dataset } from '../../../dataset/dataset.js';
import { unlabelled } from '../../../shared/plan/plan-input.js';
import { labelledQuestions } from './labelled-questions.js';

const none = unlabelled;
const dataset = {
  users: 3,
  items: 8,
  sequenceOffsets: Uint32Array.of(0, 5, 9, 13),
  sequenceItems: Int32Array.of(0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5),
  sequenceLabels: Uint8Array.of(1, 1, 0, 0, 1, 1, none, none, 0, none, 0, 1, none),
} as unknown as Dataset;
const users = Int32Array.of(0, 1, 2);
const textOf = Int32Array.of(0, 1, 2, 3, 4, 5, 6, 6);

// Catches labels of the neighbouring interaction, and a base rate that knows what is held out.
test('from data, the held-out items with a label are asked for', () => {
  const test_ = labelledQuestions(dataset, 'test', users, { kind: 'data' }, textOf);
  assert.deepEqual([...test_.users], [0, 1]);
  assert.deepEqual([...test_.items], [4, 1]);
  assert.deepEqual([...test_.labels], [1, 0]);
  assert.deepEqual([...test_.offsets], [0, 1, 2]);
  // In training: 1 1 0, 1 -, - 0.
  assert.equal(test_.baseRate, 3 / 5);
  const validation = labelledQuestions(dataset, 'validation', users, { kind: 'data' }, textOf);
  assert.deepEqual(
    [[...validation.users], [...validation.items]],
    [
      [0, 2],
      [3, 4],
    ],
  );
  assert.deepEqual([...validation.labels], [0, 1]);
});

// Catches unwanted items that the user has, by id or by text, and draws that change from one evaluation
// to the next or with who else is asked.
test('sampled, the held-out item is asked for beside fixed items that the user never had', () => {
  const asked = { kind: 'sampled', negatives: 5, seed: 3 } as const;
  const found = labelledQuestions(dataset, 'test', users, asked, textOf);
  assert.equal(found.baseRate, 1 / 6);
  assert.deepEqual([...found.offsets], [0, 6, 12, 18]);
  assert.deepEqual(
    [...found.labels],
    [0, 1, 2].flatMap(() => [1, 0, 0, 0, 0, 0]),
  );
  const own = [
    [0, 1, 2, 3, 4],
    // Item 7 reads like item 6.
    [5, 6, 0, 1, 7],
    [2, 3, 4, 5],
  ];
  for (const [user, items] of own.entries()) {
    const [wanted, ...unwanted] = found.items.subarray(6 * user, 6 * user + 6);
    assert.equal(wanted, [4, 1, 5][user]);
    assert.ok(unwanted.every((item) => !items.includes(item)));
  }
  const alone = labelledQuestions(dataset, 'test', Int32Array.of(2), asked, textOf);
  assert.deepEqual(alone.items, found.items.slice(12));
  const other = labelledQuestions(dataset, 'test', users, { ...asked, seed: 4 }, textOf);
  assert.notDeepEqual(other.items, found.items);
});
