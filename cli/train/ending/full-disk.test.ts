import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainFailure } from './failure.js';
import { fullDisk } from './full-disk.js';

const failed = (code: string, message: string) =>
  ({
    kind: 'failed',
    event: { kind: 'failed', code, message, worker: null, committedSteps: 7 },
  }) as const;

// Catches: `Cannot store ...: TIMEOUT` after ten seconds of standstill, with no word of the disk.
test('a full disk under the plan is the cause of a time-out of the bus', async () => {
  const full = await fullDisk('/run/.nats', async () => 84 * 1024);
  assert.ok(full !== null);
  const timeout = failed('BUS_LOST', 'Cannot store "plan.10.1": TIMEOUT');
  const cause = explainFailure([timeout, failed(full.code, full.message)], 7);
  assert.equal(
    cause.message,
    'nats-server cannot store the plan in /run/.nats: the disk is full (84.0 KiB are free) ' +
      '(after 7 committed steps)',
  );
  assert.deepEqual([cause.code, cause.exitCode], ['DISK_FULL', 3]);
});

// Catches: a full disk that is blamed for what has a cause of its own.
test('what failed by itself stays the cause, and room is no symptom', async () => {
  const full = failed('DISK_FULL', 'full');
  const cause = explainFailure([failed('NON_FINITE', 'the loss is NaN'), full], 7);
  assert.equal(cause.code, 'NON_FINITE');
  assert.equal(await fullDisk('/x', async () => 2 ** 30), null);
  assert.equal(await fullDisk('/x', async () => null), null);
});
