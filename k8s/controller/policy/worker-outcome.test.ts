import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, jobOf, podOf, timeAt } from '../reconcile/seen-fixture.js';
import { workerOutcome } from './worker-outcome.js';

const failedJob = (reason: string) =>
  jobOf('worker', {
    status: {
      conditions: [
        { type: 'Failed', status: 'True', reason, message: 'why', lastTransitionTime: timeAt(0) },
      ],
    },
  });

test('workers that run are no outcome', () => {
  assert.deepEqual(workerOutcome(jobOf('worker'), [], at(0)), { kind: 'none' });
  assert.deepEqual(workerOutcome(null, [], at(0)), { kind: 'none' });
});

test('too many restarts fail the job at once', () => {
  const outcome = workerOutcome(failedJob('BackoffLimitExceeded'), [], at(0));
  assert.equal(outcome.kind === 'failed' && outcome.reason, 'MaxRestartsExceeded');
});

// Would catch a job that fails with "pod failure policy" where the coordinator says what was wrong.
test('a failed worker lets the coordinator speak first, and then speaks itself', () => {
  const job = failedJob('PodFailurePolicy');
  const words = JSON.stringify({ kind: 'failed', message: 'Cannot start: no GPU', code: 'OPTION' });
  const pods = [podOf('worker', { ended: { exitCode: 2, message: words } })];
  const early = workerOutcome(job, pods, at(10));
  assert.deepEqual(early.kind === 'wait' && early.milliseconds, 20_000);
  const late = workerOutcome(job, pods, at(30));
  assert.deepEqual(late, {
    kind: 'failed',
    reason: 'WorkersFailed',
    message: "The workers' Job failed: why: Cannot start: no GPU (OPTION)",
  });
});

// Would catch a job without an end: a coordinator that comes anew waits for workers that never come.
test('workers that have all ended well are made anew when the run goes on without them', () => {
  const done = jobOf('worker', {
    status: {
      completionTime: timeAt(0),
      conditions: [{ type: 'Complete', status: 'True' }],
    },
  });
  assert.equal(workerOutcome(done, [], at(10)).kind, 'wait');
  assert.equal(workerOutcome(done, [], at(120)).kind, 'again');
});
