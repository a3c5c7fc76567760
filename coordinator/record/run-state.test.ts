import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aRecord } from '../../shared/ledger/ledger-record-fixture.js';
import type { Happening } from '../../shared/messages/cluster/log-entry.js';
import { at } from '../membership/cluster-fixture.js';
import { report } from '../run-fixture.js';
import { emptyRun, foldEntry, lastTrained, type RunState } from './run-state.js';

const fold = (...entries: Happening[]): RunState =>
  entries.reduce((state, entry) => foldEntry(state, { fence: 1, time: '', entry }), emptyRun);

const generation = (number: number, steps: number | null): Happening => ({
  kind: 'generation',
  generation: number,
  planned: false,
  reason: 'r',
  members: [{ worker: 'w0', lanes: 2 }],
  writer: 'w0',
  position: steps === null ? null : at(steps),
  resumedFrom: null,
});
const committed = (step: number): Happening => ({
  kind: 'committed',
  generation: 1,
  report: report(step),
  seconds: 1,
  ledger: aRecord(),
});
const led: Happening = { kind: 'led', coordinator: 'c', totalSteps: 9 };
const rolledBack = (committedSteps: number, collapses: number): Happening => ({
  kind: 'rolled-back',
  committedSteps,
  collapses,
  rolledBackTo: 0,
  reason: 'r',
  falseNegatives: 'text',
  learningRate: 1,
});

// Would catch a new leader that records a step twice, or waits for one that stands.
test('the steps of a log are counted, and an older start rewinds them and what follows them', () => {
  const log = [
    led,
    generation(1, 0),
    committed(0),
    committed(1),
    rolledBack(1, 1),
    rolledBack(2, 2),
  ];
  const state = fold(...log, { kind: 'validated', committedSteps: 2, results: [], best: null });
  assert.deepEqual([state.recordedSteps, state.validatedSteps], [2, 2]);
  const again = fold(...log, generation(2, null), generation(2, 1));
  assert.deepEqual([again.recordedSteps, again.furthestSteps], [1, 2]);
  assert.deepEqual(again.rollBacks, [{ committedSteps: 1, collapses: 1 }]);
});

// Would catch a planned change after a takeover whose members nobody knows to be training.
test('who trained last is known while a generation forms', () => {
  const state = fold(led, generation(4, 0), generation(5, null));
  assert.equal(lastTrained(state)?.generation, 4);
});

// Would catch a run that is resumed and ends at once, as its log does.
test('a leader behind an end goes on with the run; one in its middle keeps a stop', () => {
  const stop: Happening = { kind: 'stopping', by: 'x' };
  const failed: Happening = {
    kind: 'failed',
    code: 'C',
    message: '',
    worker: null,
    committedSteps: 0,
  };
  assert.equal(fold(led, stop, led).stopping, true);
  const resumed = fold(led, stop, failed, led);
  assert.deepEqual([resumed.stopping, resumed.end], [false, null]);
});
