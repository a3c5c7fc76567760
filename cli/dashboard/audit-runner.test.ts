import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateOf } from './audit-runner.js';

const time = '2026-01-02T03:04:05.678Z';
const done = {
  ...{ kind: 'finished', exit_code: 0, verdict: 'passed', dataset: 'movielens', steps: 90 },
  ...{ epochs: 3, users: 30, total_steps: 90, sequences: 40, generations: 2, trained_again: 1 },
  ...{ plans: 90, plans_recomputed: true, end: null, differences_count: 0, differences: [] },
};

const text = (...lines: readonly object[]): string =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join('');

test('what an audit says is told as it says it', () => {
  const state = stateOf(text({ kind: 'progress' }, done), null, time);
  assert.ok(state.kind === 'done' && state.isPassed);
  assert.deepEqual(state.facts.slice(0, 3), [
    ['steps', '90 of 90'],
    ['whole epochs', '3'],
    ['users', '30, with 40 sequences an epoch'],
  ]);
});

// Would catch an audit with differences that looks like one that could not be made: its code is not 0 either.
test('differences are a result, and only what has none is a failure', () => {
  const differences = [{ kind: 'user-again', step: 4, text: 'user 3: trained before' }];
  const failed = { ...done, verdict: 'failed', differences, differences_count: 1 };
  const state = stateOf(text(failed), new Error('code 1'), time);
  assert.ok(state.kind === 'done' && !state.isPassed);
  assert.deepEqual(state.differences, ['step 4: user 3: trained before']);
  const message = 'there is no dataset';
  assert.deepEqual(stateOf(text({ kind: 'failed', message }), new Error('code 2'), time), {
    ...{ kind: 'failed', time, message },
  });
  assert.equal(stateOf('', new Error('killed'), time).kind, 'failed');
});
