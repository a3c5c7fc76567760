import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../../k8s/api/api-error.js';
import { exitCodeOfError } from '../../output/end/end-line.js';
import { explained } from './cluster-error.js';

/** What the API server answers -> what its reader needs, and the exit code. */
const answers: readonly (readonly [number, string, string, RegExp, number])[] = [
  [0, 'Unreachable', 'connect ECONNREFUSED', /reach the cluster at https:\/\/c: connect ECONN/, 4],
  [503, '', 'etcd is away', /cannot answer now \(503\): etcd is away/, 4],
  [401, 'Unauthorized', 'Unauthorized', /log in again/, 2],
  [403, 'Forbidden', 'user "u" cannot list', /cannot list: whoever administers the cluster/, 2],
  [404, 'NotFound', 'the server could not find the requested resource', /install\.yaml/, 2],
  [404, '', '404 page not found', /install\.yaml/, 2],
  [409, 'Conflict', 'Apply failed with 1 conflict: .spec.lanes', /--force/, 2],
  [422, 'Invalid', 'spec.lanes: must be at most 4', /spec\.lanes: must be at most 4$/, 2],
];

// Would catch an answer that is passed on without what to do, or with the exit code of a defect.
for (const [status, reason, message, says, exitCode] of answers) {
  test(`an answer of ${status} (${message}) says what can be done`, () => {
    const cause = status === 0 ? { cause: new Error(message) } : undefined;
    const error = explained(new ApiError('list jobs', status, reason, message, cause), 'https://c');
    assert.match((error as Error).message, says);
    assert.equal(exitCodeOfError(error), exitCode);
  });
}

test('what is no answer of a cluster stays what it is', () => {
  const error = new TypeError('a defect');
  assert.equal(explained(error, 'https://c'), error);
});
