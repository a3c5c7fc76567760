import assert from 'node:assert/strict';
import { test } from 'node:test';
import { warmUpLimit } from './limits.js';
import { at, fromState, hears, Play, record } from './situation-fixture.js';
import { statusOf } from './status-of.js';

const trains = record(3, [0, 2], fromState(at(40), 0));

/** It hears of others that train before its own engine is open. */
function comes(newest = trains): Play {
  const play = new Play();
  play.hear({ kind: 'run-found' }, hears(newest), { kind: 'opened' });
  return play;
}

// Would catch a joiner whose first step, with a cold engine, is a step of the members'.
test('a worker that comes while others train goes through a step alone before it stands by', () => {
  const play = comes();
  assert.deepEqual(play.actions.at(-1), { kind: 'warm-up', committedSteps: 40 });
  // Whoever takes workers in sees that it is not there yet.
  assert.equal(statusOf(play.worker).phase, 'preparing');
  assert.deepEqual(play.hear({ kind: 'warmed' }), []);
  assert.equal(statusOf(play.worker).phase, 'standing-by');
  // Once: it is warm.
  assert.deepEqual(play.hear(hears(trains), { kind: 'tick' }), []);
});

// Would catch a run that begins, or that has too few workers, and waits for an engine to warm up.
test('where the run waits for workers it stands by at once', () => {
  assert.equal(comes(record(3, [0])).kind, 'standing-by');
  assert.equal(comes(record(3, [])).kind, 'standing-by');
  assert.equal(Play.standingBy().kind, 'standing-by');
});

// Would catch a paused run that waits until the step is over.
test('a warm-up is given up when members are lost and the run waits for workers', () => {
  const play = comes();
  assert.deepEqual(play.hear(hears(record(4, [0]))), ['abort-training']);
  assert.deepEqual(play.actions.at(-1), {
    kind: 'abort-training',
    generation: 0,
    reason: 'the run waits for workers',
  });
  assert.equal(statusOf(play.worker).phase, 'standing-by');
  // What the thread says of it then is late.
  assert.deepEqual(play.hear({ kind: 'warmed' }, hears(record(5, [0, 1]))), []);
  assert.equal(play.kind, 'paused');
});

// Would catch a warm-up that another joiner's change gives up: the members train on meanwhile.
test('a planned change of others does not end it', () => {
  const play = comes();
  assert.deepEqual(play.hear(hears(record(4, [0, 2, 3], null, { planned: true }))), []);
  assert.equal(play.kind, 'warming-up');
});

// Would catch a member that goes on with throw-away work although its generation waits for it.
test('a worker that was taken in meanwhile gives it up and follows', () => {
  const play = comes();
  const taken = record(4, [0, 1, 2], fromState(at(41), 0), { planned: true });
  assert.deepEqual(play.hear(hears(taken)), ['abort-training', 'copy', 'prepare-generation']);
});

// Would catch an engine whose first step never ends, and a worker that never comes for it.
test('it takes no longer than its limit', () => {
  const play = comes();
  assert.deepEqual(play.wait(warmUpLimit - 10), []);
  assert.deepEqual(play.wait(10), ['abort-training']);
  assert.equal(play.kind, 'standing-by');
});

// Would catch a member of before that goes through it again, with a state that it holds.
test('whoever has trained is warm', () => {
  const play = Play.training();
  play.hear(hears(record(2, [0], fromState(at(5), 0))), {
    kind: 'left',
    generation: 1,
    position: at(4, false),
  });
  assert.equal(play.kind, 'standing-by');
  assert.ok(play.actions.every(({ kind }) => kind !== 'warm-up'));
});
