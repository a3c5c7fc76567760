import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../usage-error.js';
import { readCoordinatorArguments } from './coordinator-arguments.js';

const read = (checkpoints: string) =>
  readCoordinatorArguments(['job.yaml', '--nats', 'nats://a', '--checkpoints', checkpoints]);

// Would catch a place that no worker can use, which is found out only at the first checkpoint.
test('a place of checkpoints that nobody could use is refused with its rule', () => {
  for (const fine of ['/shared/run', '/Workers', 's3://bucket/prefix', 'workers']) {
    assert.equal(read(fine)?.checkpoints, fine);
  }
  for (const wrong of ['http://host/bucket', 's3://B', '', 'Workers', 'worker']) {
    assert.throws(
      () => read(wrong),
      (error: Error) => error instanceof UsageError && /^--checkpoints must/.test(error.message),
    );
  }
});
