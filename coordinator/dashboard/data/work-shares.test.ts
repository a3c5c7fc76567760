import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PhasesLine } from './api.js';
import { flopsText, laneText, workOf } from './work-shares.js';

const time = '2026-01-02T03:04:05.678Z';

const line = (generation: number, ...flops: readonly (number | null)[]): PhasesLine => ({
  ...{ kind: 'phases', time, committed_steps: 10, generation, steps: 2 },
  members: flops.map((own, index) => ({
    ...{ worker: `worker-${index}`, lanes: index + 1, wait_seconds: 1 },
    phase_seconds: { encode: 1, reduce: 1 },
    ...(own !== null && { work: { users: 8, item_tokens: 100, flops: own } }),
  })),
});

// Would catch a worker's speed that is taken for its share of the lanes, whatever those hold.
test('rates and shares are of what each has done itself', () => {
  const { flops, lanes, workers } = workOf([line(1, 3e12, 1e12), line(1, 3e12, 1e12)]);
  assert.deepEqual([flops, lanes], [2e12, 3]);
  assert.deepEqual(workers[0]?.work, { users: 4, itemTokens: 50, flops: 1.5e12, share: 0.75 });
  assert.deepEqual(
    workers.map((worker) => laneText(worker.lanes)),
    ['0', '1–2'],
  );
});

// Would catch shares that add up to one although a worker of an older version is left out of them.
test('where one does not tell its work there are no shares, and lanes all the same', () => {
  const { flops, workers } = workOf([line(1, 3e12, null)]);
  assert.equal(flops, null);
  assert.deepEqual(
    workers.map(({ work }) => work),
    [null, null],
  );
  assert.equal(workOf([line(1, 1, 1), line(2, 5)]).workers.length, 1);
  assert.equal(workOf([]).generation, null);
});

test('operations a second have the prefix that people use', () => {
  assert.deepEqual([1.234e12, 0, 45e9, null].map(flopsText), [
    ...['1.23 TFLOP/s', '0.00 FLOP/s', '45.0 GFLOP/s', '–'],
  ]);
  assert.equal(laneText({ start: 3, end: 3 }), 'none');
});
