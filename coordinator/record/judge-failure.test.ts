import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeFailure, type WorkerFailure } from './judge-failure.js';

const failure = (code: string, recordedSteps = 5): WorkerFailure => ({
  worker: 'w',
  code,
  recordedSteps,
});

// Would catch a job that restarts for ever at a loss that is not finite, and one that ends for a crash.
test('what every worker would compute ends the run; what happened to one does not', () => {
  for (const [code, isWriter, kind] of [
    ['NON_FINITE', false, 'ends the run'],
    ['PLAN_FORGED', false, 'ends the run'],
    ['STATE_DIFFERS', false, 'ends the run'],
    ['TRAINING_THREAD', true, 'loses the worker'],
    ['OUT_OF_MEMORY', false, 'loses the worker'],
    ['PEER_LOST', false, 'loses the worker'],
    ['DISK_FULL', false, 'loses the worker'],
    ['DISK_FULL', true, 'ends the run'],
  ] as const) {
    assert.equal(judgeFailure(failure(code), [], isWriter).kind, kind, code);
  }
});

// Would catch a kernel that kills every worker that comes, for ever.
test('the same failure of several workers at one step ends the run', () => {
  const crash = failure('TRAINING_THREAD');
  assert.equal(judgeFailure(crash, [crash], false).kind, 'loses the worker');
  const third = judgeFailure(crash, [crash, crash], false);
  assert.equal(third.kind === 'ends the run' && third.reason, '3 workers failed of it at step 5');
  const moved = [failure('TRAINING_THREAD', 3), failure('TRAINING_THREAD', 4)];
  assert.equal(judgeFailure(crash, moved, false).kind, 'loses the worker');
  const lost = failure('PEER_LOST');
  assert.equal(judgeFailure(lost, [lost, lost, lost], false).kind, 'loses the worker');
});
