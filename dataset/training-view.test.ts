import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Dataset } from './dataset.js';
import {
  evaluatedUsers,
  evaluationCase,
  trainingCounts,
  trainingLength,
  trainingView,
} from './training-view.js';

function datasetOf(sequences: readonly (readonly number[])[]): Dataset {
  const sequenceOffsets = new Uint32Array(sequences.length + 1);
  sequences.forEach((items, user) => {
    sequenceOffsets[user + 1] = sequenceOffsets[user]! + items.length;
  });
  const lookup = { count: 0, idOf: String, numberOf: Number };
  return {
    directory: '/nowhere',
    name: 'made up',
    digest: '00',
    users: sequences.length,
    items: 10,
    vocabularySize: 1,
    sequenceOffsets,
    sequenceItems: Int32Array.from(sequences.flat()),
    // A label that is its item's, by which one that moved shows.
    sequenceLabels: Uint8Array.from(sequences.flat(), (item) => item % 2),
    itemTokenOffsets: new Uint32Array(11),
    itemTokens: new Int32Array(0),
    userIds: lookup,
    itemIds: lookup,
    manifest: null as never,
  };
}

test('training sees neither the validation nor the test item', () => {
  const view = trainingView(
    datasetOf([
      [1, 2, 3, 4, 5],
      [6, 7],
      [8, 9, 0],
      [1, 2, 3, 4],
    ]),
  );
  // The third user has one training item, which nothing can be predicted from.
  assert.deepEqual([...view.sequenceOffsets], [0, 3, 3, 3, 5]);
  assert.deepEqual([...view.sequenceItems], [1, 2, 3, 1, 2]);
});

test('validation asks for the second to last item, test for the last one, each from all before', () => {
  // Catches a test history that lacks the validation item, which HLLM's has.
  const dataset = datasetOf([[9], [1, 2, 3, 4]]);
  const [validation, test_] = (['validation', 'test'] as const).map((split) => {
    const { user, history, target } = evaluationCase(dataset, split, 1);
    return { user, history: [...history], target };
  });
  assert.deepEqual(validation, { user: 1, history: [1, 2], target: 3 });
  assert.deepEqual(test_, { user: 1, history: [1, 2, 3], target: 4 });
});

test('users with fewer than three items are evaluated in neither split', () => {
  const dataset = datasetOf([[1], [1, 2], [1, 2, 3], [1, 2, 3, 4]]);
  assert.deepEqual([...evaluatedUsers(dataset)], [2, 3]);
  assert.throws(() => evaluationCase(dataset, 'test', 1), RangeError);
});

test('training, validation and test together are the whole sequence, each item in one of them', () => {
  // Catches any overlap: a held-out item that is trained on makes every metric worthless.
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat(9), { minLength: 1, maxLength: 8 })), (sequences) => {
      const dataset = datasetOf(sequences);
      const view = trainingView(dataset);
      const counts = new Uint32Array(10);
      for (const [user, items] of sequences.entries()) {
        const length = trainingLength(items.length);
        for (const item of items.slice(0, length)) counts[item]!++;
        const own = view.sequenceItems.subarray(
          view.sequenceOffsets[user]!,
          view.sequenceOffsets[user + 1]!,
        );
        assert.deepEqual([...own], length < 2 ? [] : items.slice(0, length));
        assert.deepEqual(
          view.sequenceLabels,
          Uint8Array.from(view.sequenceItems, (x) => x % 2),
        );
        if (items.length < 3) continue;
        const held = (['validation', 'test'] as const).map(
          (split) => evaluationCase(dataset, split, user).target,
        );
        assert.deepEqual([...items.slice(0, length), ...held], items);
      }
      assert.deepEqual(trainingCounts(dataset), counts);
    }),
  );
});
