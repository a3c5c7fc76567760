import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PhasesLine } from './api.js';
import { smooth } from './smooth.js';
import { timesOf } from './who-waits.js';
import { ago, duration, number, sentence } from './words.js';

const time = '2026-01-02T03:04:05.678Z';

const phases = (generation: number, waits: readonly number[]): PhasesLine => ({
  ...{ kind: 'phases', time, committed_steps: 10, generation, steps: 2 },
  members: waits.map((wait, index) => ({
    ...{ worker: `worker-${index}`, lanes: 2, wait_seconds: wait },
    phase_seconds: { encode: 2 - wait, reduce: wait },
  })),
});

// Would catch a smoothed curve that begins at zero, or hides that a step has no number.
test('a smoothed curve stays among its values, and gaps stay gaps', () => {
  assert.deepEqual(smooth([1, null, 3], 0), [1, null, 3]);
  assert.deepEqual(smooth([2, 2, 2], 0.9), [2, 2, 2]);
  const [first, gap, last] = smooth([1, null, 3], 0.5);
  assert.deepEqual([first, gap], [1, null]);
  assert.ok(last !== null && last !== undefined && Math.abs(last - (0.5 + 3) / 1.5) < 1e-12);
});

// Would catch a page on which nobody sees which worker is slow.
test('whoever is waited for is named, with how long the others wait', () => {
  const { members, slowest } = timesOf([phases(1, [0.1, 1.5, 1.4])]);
  assert.equal(slowest?.worker, 'worker-0');
  assert.match(slowest?.text ?? '', /^worker-0 is waited for: the others wait 75 % of each step/);
  assert.equal(members[1]?.wait, 0.75);
  assert.equal(timesOf([phases(1, [0.2, 0.25])]).slowest, null);
  assert.equal(timesOf([phases(1, [3])]).slowest, null);
  assert.equal(timesOf([]).members.length, 0);
});

// Would catch times of members that have left among those of who is there.
test('times are of the newest generation', () => {
  const { members } = timesOf([phases(1, [0, 2]), phases(2, [0.5])]);
  assert.deepEqual(
    members.map(({ worker, wait }) => [worker, wait]),
    [['worker-0', 0.25]],
  );
});

test('numbers and durations have as many digits as people read', () => {
  assert.deepEqual([0.123456, 12345.6, 1e-7, null, 3, 1e6].map(number), [
    ...['0.1235', '12,346', '1.00e-7', '–', '3', '1,000,000'],
  ]);
  assert.deepEqual([0.25, 3, 119, 600, 9000, 400_000, null].map(duration), [
    ...['250 ms', '3.0 s', '119 s', '10 min', '3 h', '5 days', '–'],
  ]);
  assert.equal(ago(time, Date.parse(time) + 5000), '5.0 s ago');
  for (const later of [36, -5000]) assert.equal(ago(time, Date.parse(time) + later), 'just now');
});

test('a recovery says who was lost and what it has cost', () => {
  const line = {
    ...{ kind: 'recovery' as const, time, committed_steps: 3, cause: 'lost' as const },
    ...{ workers: ['worker-1'], planned: false, detect_seconds: 0.1, reform_seconds: 0.2 },
    ...{ resume_seconds: 1, lost_seconds: 1.3, recomputed_steps: 1 },
  };
  assert.equal(
    sentence(line),
    'recovered: worker-1 lost; noticed after 100 ms, formed anew in 200 ms, trained again 1.0 s later',
  );
});
