import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HistoryLine, ProgressLine } from '../../../shared/history/history-line.js';
import { RunModel } from './run-model.js';

const time = '2026-01-02T03:04:05.678Z';

const started = (committed_steps: number, total_steps = 10): HistoryLine => ({
  ...{ kind: 'started', time, committed_steps, total_steps, members: ['worker-0', 'worker-1'] },
  ...{ resumed_from: null, lockstep_version: '1.2.3', node_version: '20.1.0' },
});

const step = (committed_steps: number, loss = 1): HistoryLine => ({
  ...{ kind: 'committed', time, committed_steps, stage: null, loss, gradient_norm: 1 },
  ...{ learning_rate: 0.1, sequences: 4, item_tokens: 100, distinct_items: 3, item_cosine: 0.1 },
  ...{ step_seconds: 0.5, phase_seconds: {}, wait_seconds: 0 },
});

const phases = (generation: number): HistoryLine => ({
  ...{ kind: 'phases', time, committed_steps: 2, generation, steps: 2 },
  members: [{ worker: 'worker-0', lanes: 3, phase_seconds: { forward: 1 }, wait_seconds: 0 }],
});

const failed: HistoryLine = {
  ...{ kind: 'failed', time, committed_steps: 2, exit_code: 5, code: 'X', message: 'a reason' },
  ...{ process: null, resume: 'lockstep train' },
};

function modelOf(...lines: readonly (HistoryLine | ProgressLine)[]): RunModel {
  const model = new RunModel('r');
  for (const line of lines) model.add(line);
  return model;
}

test('how far it is, how fast, and when it will be done', () => {
  const { state } = modelOf(started(0), step(1, 2), step(2, 1.5));
  assert.equal(state.phase, 'training');
  assert.equal(state.loss, 1.5);
  assert.equal(state.stepSeconds, 0.5);
  assert.equal(state.sequencesPerSecond, 8);
  assert.equal(state.itemTokensPerSecond, 200);
  assert.equal(state.etaSeconds, 4);
});

test('who trains, in which generation, with which lanes', () => {
  assert.deepEqual(modelOf(started(0)).state.members, [
    { worker: 'worker-0', lanes: null },
    { worker: 'worker-1', lanes: null },
  ]);
  const { generation, members } = modelOf(started(0), phases(3)).state;
  assert.equal(generation, 3);
  assert.deepEqual(members, [{ worker: 'worker-0', lanes: 3 }]);
});

// Would catch a run that is shown as failed after it was resumed, or that waits and seems to train.
test('its phase is what its newest lines say', () => {
  const waiting: ProgressLine = { kind: 'waiting', time, reason: '1 of 2 workers' };
  const evaluating: ProgressLine = { kind: 'evaluating', time, done: 1, total: 4 };
  assert.equal(modelOf().state.phase, 'waiting');
  assert.equal(modelOf(started(0), step(1), waiting).state.reason, '1 of 2 workers');
  assert.equal(modelOf(started(0), step(1), waiting).state.phase, 'waiting');
  assert.equal(modelOf(started(0), step(1), waiting, step(2)).state.phase, 'training');
  assert.equal(modelOf(started(0), evaluating).state.phase, 'evaluating');
  assert.equal(modelOf(started(0), step(1), failed).state.phase, 'failed');
  assert.equal(modelOf(started(0), step(1), failed).state.reason, 'a reason');
  assert.equal(modelOf(started(0), failed, started(1)).state.phase, 'training');
});

// Would catch a worker that seems to leave for ever, or that can be drained again while it leaves.
test('a worker that is drained leaves until a generation has formed without it', () => {
  const by = { by: 'Ann', id: 'a'.repeat(16) };
  const draining: HistoryLine = {
    ...{ kind: 'draining', time, committed_steps: 1, worker: 'worker-1', ...by },
  };
  const generation = (...members: string[]): HistoryLine => ({
    ...{ kind: 'generation', time, committed_steps: 2, generation: 2, members },
    ...{ planned: true, reason: 'a change' },
  });
  const leaving = modelOf(started(0), step(1), draining, draining);
  assert.deepEqual(leaving.state.draining, ['worker-1']);
  leaving.add(generation('worker-0', 'worker-1', 'worker-2'));
  assert.deepEqual(leaving.state.draining, ['worker-1']);
  leaving.add(generation('worker-0', 'worker-2'));
  assert.deepEqual(leaving.state.draining, []);
  leaving.add(generation('worker-0', 'worker-1', 'worker-2'));
  assert.deepEqual(leaving.state.draining, []);
});

// Would catch a viewer that misses a step, or hears it twice.
test('each change is told once', () => {
  const model = modelOf(started(0), step(1));
  const first = model.takeChange();
  assert.deepEqual(
    first?.steps.map(({ committed_steps }) => committed_steps),
    [1],
  );
  assert.deepEqual(
    first?.timeline.map(({ kind }) => kind),
    ['started'],
  );
  assert.equal(model.takeChange(), null);
  model.add(step(2));
  model.add(phases(1));
  const second = model.takeChange();
  assert.deepEqual(
    second?.steps.map(({ committed_steps }) => committed_steps),
    [2],
  );
  assert.equal(second?.phases.length, 1);
  assert.equal(second?.rewoundTo, null);
});

// Would catch curves in which a resumed run has the steps of both attempts.
test('a run that goes back tells how far, and what is trained again', () => {
  const model = modelOf(started(0), step(1), step(2), step(3));
  model.takeChange();
  model.add(started(1));
  model.add(step(2, 9));
  const change = model.takeChange();
  assert.equal(change?.rewoundTo, 1);
  assert.deepEqual(
    change?.steps.map(({ committed_steps }) => committed_steps),
    [2],
  );
  assert.deepEqual(model.series.window(0, 10, 10).steps, [1, 2]);
  assert.equal(model.state.committedSteps, 2);
});

// Would catch memory that grows for ever with a run whose workers are killed for days.
test('an endless timeline keeps its newest lines and says how many it has dropped', () => {
  const model = new RunModel('r');
  for (let count = 0; count < 5000; count++) {
    model.add({ kind: 'warning', time, committed_steps: 0, text: `${count}` });
  }
  const { timeline, dropped } = model;
  assert.equal(timeline.length + dropped, 5000);
  assert.deepEqual(timeline.at(-1), { kind: 'warning', time, committed_steps: 0, text: '4999' });
});
