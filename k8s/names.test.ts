import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRunId } from '../shared/run/run-id.js';
import { childNames, runOfObject } from './names.js';

// Would catch a pod that cannot be made because its name is too long for a label of DNS.
test('names of pods of the longest job fit a label of DNS', () => {
  const { coordinator, worker } = childNames('j'.repeat(44));
  assert.ok(`${coordinator}-abcde`.length <= 63);
  assert.ok(`${worker}-9999-abcde`.length <= 63);
});

// Would catch a controller that loses a run's streams because it cannot say their names any more.
test('the run of an object is always the same, and another for an object of the same name', () => {
  const run = runOfObject('6a7d');
  assert.equal(readRunId(run), run);
  assert.equal(runOfObject('6a7d'), run);
  assert.notEqual(runOfObject('6a7e'), run);
});
