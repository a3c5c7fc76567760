import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StorageError, StoreRefusedError } from '../storage-error.js';
import { bucketError, failureOf } from './s3-failure.js';

/** As the client makes them. */
const sdkError = (name: string, status?: number, message = '') =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status, attempts: 1 } });

// Catches: a wrong bucket that is taken for an absent checkpoint, and a busy store for a wrong setting.
test('what the client says is sorted by what can be done about it', () => {
  const cases = [
    [sdkError('NoSuchKey', 404), 'absent'],
    [sdkError('NotFound', 404), 'absent'],
    [sdkError('NoSuchBucket', 404), 'refused'],
    [sdkError('PreconditionFailed', 412), 'changed'],
    [sdkError('ConditionalRequestConflict', 409), 'changed'],
    [sdkError('InvalidRange', 416), 'beyond'],
    [sdkError('NotImplemented', 501), 'unconditional'],
    [sdkError('SignatureDoesNotMatch', 403), 'refused'],
    [sdkError('Unknown', 403), 'refused'],
    [sdkError('ExpiredToken', 400), 'refused'],
    [sdkError('CredentialsProviderError'), 'refused'],
    [new Error('Region is missing'), 'refused'],
    [sdkError('SlowDown', 503), 'unreachable'],
    [sdkError('InternalError', 500), 'unreachable'],
    [Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'unreachable'],
    [null, 'unreachable'],
  ] as const;
  for (const [error, failure] of cases) assert.equal(failureOf(error), failure, String(error));
});

// Catches: what the client hangs on its errors (the request, with its signature) in a log.
test('an error names what was done and where, and carries nothing of the request', () => {
  const given = sdkError('AccessDenied', 403, 'Access Denied');
  Object.assign(given, { $response: { headers: { authorization: 'AWS4 Signature=abc' } } });
  const refused = bucketError(given, 'write', 's3://b/key');
  assert.ok(refused instanceof StoreRefusedError);
  assert.match(
    refused.message,
    /^Cannot write s3:\/\/b\/key: the store answered 403, AccessDenied: Access Denied: AWS_ACCESS/,
  );
  assert.equal(refused.cause, undefined);
  const failed = bucketError(sdkError('SlowDown', 503, 'Reduce your rate'), 'read', 's3://b/key');
  assert.ok(failed instanceof StorageError);
  assert.equal(
    failed.message,
    'Cannot read s3://b/key: the store answered 503, SlowDown: Reduce your rate',
  );
});
