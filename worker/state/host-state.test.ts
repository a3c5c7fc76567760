import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vectorFloatsMax } from '../../shared/limits.js';
import { HostState, ModelTooLargeError } from './host-state.js';
import { rangeOf, sectionEntries, stateBytes } from './training-state.js';

const entry = { name: 'weight', shape: [2, 2], offset: 3, size: 4 };
const layout = { entries: [entry], length: 8, trainedLength: 8 };

// Catches: sections under each other's names, and ranges in floats or from the buffer's start.
test('sections are read and written by ranges of bytes', async () => {
  const state = HostState.zeros(layout);
  assert.deepEqual(rangeOf(entry), { begin: 12, end: 28 });
  assert.equal(stateBytes(layout), 96);
  state.firstMoments.set([1, 2, 3, 4], 3);
  const bytes = (await state.read('firstMoments', rangeOf(entry))).slice();
  assert.deepEqual([...new Float32Array(bytes.buffer)], [1, 2, 3, 4]);
  await state.write('secondMoments', 16, bytes.subarray(0, 8));
  assert.deepEqual([...state.secondMoments], [0, 0, 0, 0, 1, 2, 0, 0]);
  assert.deepEqual([...state.parameters], new Array(8).fill(0));
});

// Catches: memory for the moments of what never moves.
test('moments are as long as what trains', () => {
  const frozen = { name: 'frozen', shape: [8], offset: 16, size: 8 };
  const state = HostState.zeros({ entries: [entry, frozen], length: 32, trainedLength: 16 });
  const lengths = [state.parameters, state.firstMoments, state.secondMoments].map(
    ({ length }) => length,
  );
  assert.deepEqual(lengths, [32, 16, 16]);
  assert.equal(stateBytes(state.layout), 4 * 64);
  assert.deepEqual(sectionEntries(state.layout, 'firstMoments'), [entry]);
  assert.deepEqual(sectionEntries(state.layout, 'parameters'), [entry, frozen]);
});

// Catches: a copy that shares memory, which the next step would change.
test('a copy has the values and memory of its own', () => {
  const [state, copy] = [HostState.zeros(layout), HostState.zeros(layout)];
  state.parameters.fill(3);
  copy.copyFrom(state);
  state.parameters.fill(4);
  assert.deepEqual([...copy.parameters], new Array(8).fill(3));
});

// Catches: `Invalid typed array length`, which names neither the model nor what is possible.
test('a model that no vector holds is refused', () => {
  const tooLong = { entries: [], length: vectorFloatsMax + 16, trainedLength: 0 };
  assert.throws(() => HostState.zeros(tooLong), ModelTooLargeError);
});
