/**
 * The controller's own program against a real API server, small: `npm run bench -- controller` is the same
 * with 500 jobs and 200 kills.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutCluster } from '../cluster.js';
import { onCluster } from './on-cluster.js';
import type { KilledResult, ManyJobsResult } from './results.js';

const skip = withoutCluster;

// Would catch a controller that the API server refuses, that asks without end, or keeps all it has heard.
test('many jobs have their children, and then it is quiet', { skip }, async () => {
  const words = ['--jobs', '30', '--seconds', '5'];
  const result = await onCluster<ManyJobsResult>('many-jobs', words);
  assert.ok(result.reconciledSeconds < 60, JSON.stringify(result));
  assert.ok(result.quiet.requests < 20, JSON.stringify(result));
  assert.ok(result.reporting.requests < 20, JSON.stringify(result));
  assert.ok(result.peakMemoryMebibytes < 300, JSON.stringify(result));
});

// Would catch what is left half done, or done twice, by a controller that dies between two requests.
test('killed at any point, its successor leaves every job as its spec says', { skip }, async () => {
  const words = ['--jobs', '6', '--kills', '8', '--seed', '1'];
  const result = await onCluster<KilledResult>('killed-controller', words);
  assert.equal(result.accountsLeft, 0);
  assert.equal(result.kills, 8);
});
