import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobOf, podOf } from '../reconcile/seen-fixture.js';
import { coordinatorOutcome, pastPodsAnnotation, pastPodsText } from './coordinator-outcome.js';

const job = jobOf('coordinator');
const ended = (exitCode: number, message = '', more = {}) =>
  podOf('coordinator', { ended: { exitCode, message }, ...more });

test('exit code 0 completes the job with the digest of its weights', () => {
  const line = JSON.stringify({ kind: 'finished', exit_code: 0, weights_sha256: 'c'.repeat(64) });
  const outcome = coordinatorOutcome(job, [ended(0, `{"kind":"started"}\n${line}\n`)]);
  assert.equal(outcome.kind === 'complete' && outcome.words.weightsSha256, 'c'.repeat(64));
});

// Would catch a finished run that trains again because somebody deleted its pod.
test('a run whose pod is gone is complete by the word of its Job, and one that is leaving by its own', () => {
  const succeeded = jobOf('coordinator', { status: { succeeded: 1 } });
  assert.equal(coordinatorOutcome(succeeded, []).kind, 'complete');
  assert.equal(coordinatorOutcome(job, [ended(0, '', { isLeaving: true })]).kind, 'complete');
});

test('exit codes 1, 2 and 3 fail the job with the words of the coordinator', () => {
  const line = JSON.stringify({
    kind: 'failed',
    code: 'NON_FINITE',
    message: 'Cannot go on: the loss is NaN',
  });
  for (const [exitCode, reason] of [
    [1, 'CoordinatorFailed'],
    [2, 'UnusableJob'],
    [3, 'TrainingFailed'],
  ] as const) {
    assert.deepEqual(coordinatorOutcome(job, [ended(exitCode, line)]), {
      kind: 'failed',
      reason,
      message: `The coordinator ended with exit code ${exitCode}: Cannot go on: the loss is NaN (NON_FINITE)`,
    });
  }
});

test('what is no JSON is shown as it is, and where nothing was said the log is named', () => {
  const said = coordinatorOutcome(job, [ended(1, 'Error: Cannot find module\n')]);
  assert.match(said.kind === 'failed' ? said.message : '', /: Error: Cannot find module$/);
  const silent = coordinatorOutcome(job, [ended(1)]);
  assert.match(silent.kind === 'failed' ? silent.message : '', /kubectl logs movies-coordinator-0/);
});

test('a coordinator that was lost on its way says nothing about the job', () => {
  for (const exitCode of [4, 130, 134, 137, 143]) {
    assert.equal(coordinatorOutcome(job, [ended(exitCode)]).kind, 'none', String(exitCode));
  }
});

// Would catch a drained machine that fails or stops a job, since its processes end on SIGTERM.
test('an end that somebody else made is no word of the coordinator', () => {
  const disrupted = { conditions: [{ type: 'DisruptionTarget', status: 'True' }] };
  for (const exitCode of [1, 3, 5]) {
    for (const more of [{ isLeaving: true }, disrupted, { reason: 'NodeShutdown' }]) {
      assert.equal(coordinatorOutcome(job, [ended(exitCode, '', more)]).kind, 'none');
    }
  }
});

// Would catch a job that rests because somebody sent its coordinator a SIGTERM.
test('a coordinator that has left a run which goes on has not stopped it', () => {
  const left = JSON.stringify({ kind: 'left', exit_code: 5 });
  const stopped = JSON.stringify({ kind: 'finished', exit_code: 5, stopped: true });
  assert.equal(coordinatorOutcome(job, [ended(5, left)]).kind, 'none');
  assert.equal(coordinatorOutcome(job, [ended(5, stopped)]).kind, 'stopped');
});

test('pods of another Job of the same name do not count', () => {
  assert.equal(coordinatorOutcome(job, [ended(3, '', { jobUid: 'older' })]).kind, 'none');
  assert.equal(coordinatorOutcome(null, [ended(0)]).kind, 'none');
});

// Would catch a job that is stopped again each time that it is resumed.
test('a stop is answered once: its pods are past when the Job is resumed', () => {
  const pods = [
    ended(5, '', { name: 'movies-coordinator-leader' }),
    ended(5, '', { name: 'movies-coordinator-standby' }),
    podOf('coordinator', { name: 'movies-coordinator-alive', isRunning: true }),
  ];
  assert.deepEqual(coordinatorOutcome(job, pods), { kind: 'stopped', isAnswered: false });
  const suspended = jobOf('coordinator', { spec: { suspend: true } });
  assert.deepEqual(coordinatorOutcome(suspended, pods), { kind: 'stopped', isAnswered: true });
  const resumed = jobOf('coordinator', {
    annotations: { [pastPodsAnnotation]: pastPodsText(suspended, pods) },
  });
  assert.deepEqual(coordinatorOutcome(resumed, pods), { kind: 'none' });
  const again = [...pods, ended(5, '', { name: 'movies-coordinator-next' })];
  assert.deepEqual(coordinatorOutcome(resumed, again), { kind: 'stopped', isAnswered: false });
});
