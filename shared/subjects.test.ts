import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectMatches } from './bus-memory.js';
import { jobId, lane, step, workerId } from './ids.js';
import {
  everyPlanSubject,
  everyWorkerSubject,
  lanePlansSubject,
  planMessageId,
  planSubject,
  SubjectTokenError,
  stepPlansSubject,
  workerSubject,
} from './subjects.js';

const job = jobId('movies');

// Would catch a worker that reads foreign lanes, and a purge that takes step 11 with step 1.
test('filters name the lane, the step or everything, and nothing beside it', () => {
  const plan = planSubject(job, step(1), lane(2));
  assert.ok(subjectMatches(lanePlansSubject(job, lane(2)), plan));
  assert.ok(!subjectMatches(lanePlansSubject(job, lane(1)), plan));
  assert.ok(subjectMatches(stepPlansSubject(job, step(1)), plan));
  assert.ok(!subjectMatches(stepPlansSubject(job, step(11)), plan));
  assert.ok(subjectMatches(everyPlanSubject(job), plan));
  assert.ok(!subjectMatches(everyPlanSubject(jobId('movie')), plan));
  assert.ok(subjectMatches(everyWorkerSubject(job), workerSubject(job, workerId('worker-1'))));
});

// Would catch two messages that the server takes for one.
test('every part of every lane of every step has an id of its own', () => {
  const ids = [1, 11].flatMap((at) =>
    [1, 11].flatMap((of) => [1, 11].map((part) => planMessageId(job, step(at), lane(of), part))),
  );
  assert.equal(new Set(ids).size, 8);
});

// Would catch a name that listens to other jobs.
test('a name with a wildcard or a dot is refused', () => {
  for (const name of ['a.b', '*', '>', '', 'a b', 'a'.repeat(129)]) {
    assert.throws(() => everyWorkerSubject(jobId(name)), SubjectTokenError);
  }
});
