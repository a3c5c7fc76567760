import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodeOf, exitCodes } from '../shared/exit-codes.js';
import { wholeJobDigest } from '../shared/job-spec/job-digest.js';
import { resolveJob } from '../shared/job-spec/job-spec.js';
import { JobMismatchError, requireJob } from './read-job.js';

const job = (learningRate: number, name = 'j') =>
  resolveJob({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name },
    spec: { data: { path: 'd' }, optimizer: { learningRate } },
  });

// Would catch a coordinator that trains the job which a second command wrote over the first one's.
test('a job that is not the one of the run is refused, whatever differs', () => {
  const digest = wholeJobDigest(job(0.1));
  requireJob(job(0.1), digest, 'job.json');
  requireJob(job(0.2), null, 'job.json');
  for (const other of [job(0.2), job(0.1, 'k')]) {
    assert.throws(
      () => requireJob(other, digest, 'job.json'),
      (error: unknown) =>
        error instanceof JobMismatchError &&
        exitCodeOf(error.code) === exitCodes.usage &&
        error.message.includes(digest),
    );
  }
});
