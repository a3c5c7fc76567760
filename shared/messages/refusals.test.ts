import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusals } from './refusals.js';

// Would catch a log that grows by a line for each message of a stranger, or that shows none of them.
test('the first refusals of each reason and every tenfold get a line', () => {
  const refusals = new Refusals();
  const lines: (number | null)[] = [];
  for (let count = 0; count < 100_000; count++) lines.push(refusals.take('structure'));
  assert.deepEqual(
    lines.filter((line) => line !== null),
    [1, 2, 3, 4, 5, 10, 100, 1000, 10_000, 100_000],
  );
  assert.equal(refusals.take('kind'), 1);
});
