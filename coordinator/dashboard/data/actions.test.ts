import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consequence, hindrance } from './actions.js';
import type { Action, RunState } from './api.js';

const now = (
  workers: readonly string[],
  more: Partial<Pick<RunState, 'paused' | 'draining' | 'end'>> = {},
) => ({
  ...{ members: workers.map((worker) => ({ worker, lanes: 2 })), paused: null, draining: [] },
  ...{ end: null, ...more },
});

const drain = (worker: string): Action => ({ kind: 'drain', worker });
const paused = { by: 'Ann', standsAt: 7 };

// Would catch a button that drains the last worker, or continues what trains.
test('what makes no sense now is hindered by a reason', () => {
  const two = now(['a', 'b']);
  assert.equal(hindrance({ kind: 'pause' }, two), null);
  assert.equal(hindrance({ kind: 'go-on' }, two), 'it is not paused');
  assert.equal(hindrance({ kind: 'pause' }, now(['a'], { paused })), 'it is paused already');
  assert.equal(hindrance({ kind: 'go-on' }, now(['a'], { paused })), null);
  assert.equal(hindrance(drain('a'), two), null);
  assert.equal(hindrance(drain('c'), two), 'c does not train now');
  assert.equal(hindrance(drain('a'), now(['a'])), 'nobody else trains');
  const leaving = now(['a', 'b'], { draining: ['a'] });
  assert.equal(hindrance(drain('a'), leaving), 'a is leaving already');
  assert.equal(hindrance(drain('b'), leaving), 'nobody else trains');
});

test('nothing can be done with a run that is over', () => {
  const end = { kind: 'failed' } as RunState['end'];
  for (const kind of ['pause', 'go-on', 'checkpoint', 'stop'] as const) {
    assert.equal(hindrance({ kind }, now(['a', 'b'], { end })), 'the run is over');
  }
  assert.equal(hindrance(drain('a'), now(['a', 'b'], { end })), 'the run is over');
});

test('whoever is asked whether it is meant is told who stays', () => {
  assert.match(consequence(drain('c'), now(['a', 'b', 'c'])), /^c hands over .*; 2 stay and train/);
  assert.match(consequence(drain('b'), now(['a', 'b'])), /; one stays and trains/);
});
