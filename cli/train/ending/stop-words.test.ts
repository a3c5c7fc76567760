import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '../../../shared/messages/run-events.js';
import { type Doing, doingAfter, stopWords } from './stop-words.js';

const started = (firstStep: number): RunEvent => ({
  kind: 'started',
  members: ['worker-0'],
  firstStep,
  totalSteps: 2,
  resumedFrom: null,
});
const committed = (step: number): RunEvent =>
  ({ kind: 'committed', report: { step }, seconds: 1 }) as unknown as RunEvent;
const evaluating: RunEvent = { kind: 'evaluating', done: 0, total: 9 };
const validated: RunEvent = { kind: 'validated', committedSteps: 1, results: [], best: null };

const after = (...events: RunEvent[]): Doing =>
  events.reduce<Doing>((doing, event) => doingAfter(doing, event, 2), 'training');

// Would catch "after this step" for an evaluation that takes ten minutes.
test('who asks for a stop hears what is finished first', () => {
  assert.equal(after(started(0), committed(0)), 'training');
  assert.equal(after(started(0), committed(0), evaluating), 'an evaluation');
  assert.equal(after(started(0), committed(0), evaluating, validated), 'training');
  assert.equal(after(started(0), committed(1), evaluating), 'the last evaluation');
  assert.equal(after(started(2), evaluating), 'the last evaluation');
  assert.match(stopWords('an evaluation'), /after this evaluation/);
  assert.match(stopWords('the last evaluation'), /giving up the evaluation/);
});
