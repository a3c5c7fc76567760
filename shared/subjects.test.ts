import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectMatches } from './bus-memory-stores.js';
import { jobId, lane, runId, step, workerId } from './ids.js';
import { makeRunId, type RunAddress, readRunId } from './run/run-id.js';
import {
  coordinatorSubject,
  everyPlanSubject,
  everyWorkerSubject,
  filesBucket,
  planMessageId,
  planPartsSubject,
  planStream,
  planSubject,
  runOfName,
  SubjectTokenError,
  stepPlansSubject,
  workerSubject,
} from './subjects.js';

const movies = (run: string): RunAddress => ({ job: jobId('movies'), run: runId(run) });
const first = movies('t0123456789abcdef');
const second = movies('tfedcba9876543210');

// Would catch a worker that reads foreign lanes, and a purge that takes step 11 with step 1.
test('filters name the lane, the step or everything, and nothing beside it', () => {
  const plan = planSubject(first, step(1), lane(2));
  assert.ok(subjectMatches(planPartsSubject(first, lane(2)), plan));
  assert.ok(!subjectMatches(planPartsSubject(first, lane(1)), plan));
  assert.ok(!subjectMatches(planPartsSubject(first, 'shared'), plan));
  assert.ok(subjectMatches(stepPlansSubject(first, step(1)), plan));
  const shared = planSubject(first, step(1), 'shared');
  assert.ok(subjectMatches(planPartsSubject(first, 'shared'), shared));
  assert.ok(subjectMatches(stepPlansSubject(first, step(1)), shared));
  assert.ok(!subjectMatches(stepPlansSubject(first, step(11)), plan));
  assert.ok(subjectMatches(everyPlanSubject(first), plan));
  assert.ok(!subjectMatches(everyPlanSubject({ ...first, job: jobId('movie') }), plan));
  assert.ok(subjectMatches(everyWorkerSubject(first), workerSubject(first, workerId('worker-1'))));
});

// Would catch two messages that the server takes for one.
test('every part of every lane of every step has an id of its own', () => {
  const ids = [1, 11].flatMap((at) =>
    ([lane(1), lane(11), 'shared'] as const).flatMap((part) =>
      [1, 11].map((piece) => planMessageId(first, step(at), part, piece)),
    ),
  );
  assert.equal(new Set(ids).size, 12);
});

// Would catch a name that listens to other jobs.
test('a name with a wildcard or a dot is refused', () => {
  for (const name of ['a.b', '*', '>', '', 'a b', 'a'.repeat(129)]) {
    assert.throws(() => everyWorkerSubject({ ...first, job: jobId(name) }), SubjectTokenError);
  }
});

// Would catch two runs of one job that purge, hear or take over each other.
test('two runs of one name share no subject, no stream, no store and no message id', () => {
  const names = (run: RunAddress): string[] => [
    coordinatorSubject(run),
    workerSubject(run, workerId('worker-0')),
    planSubject(run, step(0), lane(0)),
    planStream(run),
    filesBucket(run),
    planMessageId(run, step(0), lane(0), 0),
  ];
  assert.equal(new Set([...names(first), ...names(second)]).size, 12);
  assert.ok(!subjectMatches(everyWorkerSubject(first), workerSubject(second, workerId('w'))));
  assert.ok(!subjectMatches(everyPlanSubject(first), planSubject(second, step(0), lane(0))));
});

// Would catch a sweep that removes what belongs to a job whose name begins like this one's.
test('the run of a stream or store is read back, and only for the job that it belongs to', () => {
  const imitator = { ...second, job: jobId(`movies-${first.run}`) };
  for (const nameOf of [planStream, filesBucket]) {
    assert.equal(runOfName(first.job, nameOf(first)), first.run);
    assert.equal(runOfName(first.job, nameOf(imitator)), null);
    assert.equal(runOfName(imitator.job, nameOf(imitator)), second.run);
    assert.equal(runOfName(jobId('movie'), nameOf(first)), null);
  }
  assert.equal(runOfName(first.job, 'lockstep-plan-movies-other'), null);
});

// Would catch an id that does not survive its way through a command line or a file.
test('a run id reads back, and nothing else does', () => {
  const id = makeRunId('evaluation', Uint8Array.of(0, 1, 2, 3, 4, 5, 254, 255));
  assert.equal(id, 'e000102030405feff');
  assert.equal(readRunId(id), id);
  for (const other of ['', 't1', 'x0123456789abcdef', 'T0123456789abcdef', 7, null]) {
    assert.equal(readRunId(other), null);
  }
  assert.throws(() => makeRunId('training', Uint8Array.of(1)), RangeError);
});
