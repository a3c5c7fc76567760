import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodes } from '../../../shared/exit-codes.js';
import { mebibytes } from '../../../shared/units.js';
import { explainFailure, type Symptom } from './failure.js';

const exit = (name: string, code: number | null, signal: string | null = null): Symptom => ({
  kind: 'exit',
  name,
  pid: 7,
  code,
  signal,
  outOfMemory: null,
});

const failed = (code: string): Symptom => ({
  kind: 'failed',
  event: { kind: 'failed', code, message: `it was ${code}`, worker: 'worker-0', committedSteps: 3 },
});

// Would catch blaming a survivor, whose error arrives first, for what happened to another process.
test('a killed process is the cause, whatever its peers said before', () => {
  const symptoms = [
    failed('PEER_LOST'),
    exit('worker-0', exitCodes.lost),
    exit('worker-1', null, 'SIGKILL'),
  ];
  const cause = explainFailure(symptoms, 12);
  assert.equal(cause.message, 'worker-1 (pid 7) was killed by SIGKILL after 12 committed steps');
  assert.equal(cause.exitCode, exitCodes.lost);
  assert.equal(cause.process, 'worker-1');
});

// Would catch a shell's 137, which is how the guard of nats-server reports a signal.
test('128 + n is signal n', () => {
  const cause = explainFailure([failed('BUS_LOST'), exit('nats-server', 137)], 1);
  assert.equal(cause.message, 'nats-server (pid 7) was killed by SIGKILL after 1 committed step');
});

// Would catch a "To resume" for what only a process could see: a library that does not load, a port
// that somebody took.
test('what the machine cannot do is for the user to change, whoever says it', () => {
  for (const code of ['ENGINE_UNAVAILABLE', 'PORT_UNAVAILABLE', 'EMPTY_PLAN']) {
    const cause = explainFailure([failed('PEER_LOST'), failed(code), exit('worker-0', 2)], 0);
    assert.deepEqual([cause.code, cause.exitCode, cause.remedy], [code, 2, 'change']);
  }
});

// Would catch a diverged training that is reported as a lost process.
test('a failure of training itself outranks the processes that end because of it', () => {
  const symptoms = [
    exit('worker-0', exitCodes.training),
    failed('NON_FINITE'),
    exit('worker-1', exitCodes.lost),
  ];
  const cause = explainFailure(symptoms, 3);
  assert.equal(cause.exitCode, exitCodes.training);
  assert.equal(cause.code, 'NON_FINITE');
  assert.equal(cause.message, 'it was NON_FINITE (after 3 committed steps)');
});

// Would catch "ended with code 1" instead of the error that the process had told.
test('what a process said before it crashed tells more than its exit code', () => {
  const cause = explainFailure([exit('worker-0', 1), failed('CHECKPOINT_REFUSED')], 0);
  assert.equal(cause.code, 'CHECKPOINT_REFUSED');
  const silent = explainFailure([exit('worker-0', 1)], 0);
  assert.equal(silent.message, 'worker-0 (pid 7) ended with code 1 after 0 committed steps');
});

// Would catch a job that cannot be trained, as the coordinator says before it ends, taken for a lost
// process that a supervisor starts again for ever.
test('a process that ends because of the job is believed', () => {
  const symptoms = [failed('DURATION_PASSED'), exit('coordinator', exitCodes.usage)];
  const cause = explainFailure(symptoms, 0);
  assert.deepEqual([cause.code, cause.exitCode], ['DURATION_PASSED', exitCodes.usage]);
});

// Would catch a frozen member that is reported as a fault of training, and a wrong job as a loss.
test('the exit code follows the kind of failure', () => {
  assert.equal(explainFailure([failed('RUN_LOST')], 5).exitCode, exitCodes.lost);
  assert.equal(explainFailure([failed('JOB_SPEC_INVALID')], 0).exitCode, exitCodes.usage);
  assert.equal(explainFailure([failed('WEIGHTS_DIFFER')], 5).exitCode, exitCodes.training);
});

// Would catch a hint that cannot help: resuming a run whose job, data or numbers must change first.
test('only what may go better the next time is to be resumed', () => {
  assert.equal(explainFailure([failed('RUN_LOST')], 5).remedy, 'resume');
  assert.equal(explainFailure([exit('worker-0', null, 'SIGKILL')], 5).remedy, 'resume');
  assert.equal(explainFailure([failed('NON_FINITE')], 5).remedy, 'change');
  assert.equal(explainFailure([failed('CHECKPOINT_MISSING')], 0).remedy, 'change');
});

// Would catch a worker that took more than there is, of which the run says only that it was killed.
test('a process killed for want of memory names what it held and what takes less', () => {
  const killed = exit('worker-1', null, 'SIGKILL');
  const of = (held: number | null): string => {
    const outOfMemory = { held: held === null ? null : mebibytes(held) };
    return explainFailure([{ ...killed, outOfMemory } as Symptom], 2).message;
  };
  assert.match(
    of(5120),
    /^worker-1 \(pid 7\) was killed by SIGKILL after 2 committed steps: the machine had no memory left; it held 5\.0 GiB when last seen: engine\.activations "layer" or "lane", /,
  );
  assert.match(of(null), /no memory left: engine\.activations/);
  const other = { ...exit('worker-1', null, 'SIGTERM'), outOfMemory: { held: mebibytes(1) } };
  assert.doesNotMatch(explainFailure([other as Symptom], 2).message, /memory/);
});
