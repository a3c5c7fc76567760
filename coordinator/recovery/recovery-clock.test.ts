import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workerId } from '../../shared/ids.js';
import { millis } from '../../shared/units.js';
import { RecoveryClock } from './recovery-clock.js';

const lost = (since: number) =>
  ({
    cause: 'lost',
    workers: [workerId('w1')],
    planned: false,
    since: millis(since),
    aborts: true,
  }) as const;
const joined = {
  cause: 'joined',
  workers: [workerId('w2')],
  planned: true,
  since: null,
  aborts: false,
} as const;

function clockOfSteps(): RecoveryClock {
  const clock = new RecoveryClock();
  for (let step = 0; step <= 10; step++) clock.recorded(millis(step * 100), 1);
  return clock;
}

// Would catch receipts whose parts do not add up to what a user waits.
test('a loss is told in its parts, less a usual step', () => {
  const clock = clockOfSteps();
  clock.decided(millis(1250), lost(1050));
  clock.started(millis(1300));
  clock.training(millis(1400));
  clock.training(millis(1450));
  const receipt = clock.recorded(millis(1500), 2);
  assert.deepEqual(receipt, {
    kind: 'recovered',
    generation: 2,
    cause: 'lost',
    workers: ['w1'],
    planned: false,
    detectSeconds: 0.2,
    reformSeconds: 0.05,
    resumeSeconds: 0.1,
    lostSeconds: 0.4,
    recomputedSteps: 1,
  });
  assert.equal(clock.recorded(millis(1600), 2), null);
});

// Would catch a receipt that is written by a step of the members before.
test('steps that are recorded while a planned change forms do not end it', () => {
  const clock = clockOfSteps();
  clock.decided(millis(1050), joined);
  assert.equal(clock.recorded(millis(1100), 1), null);
  clock.started(millis(1150));
  const receipt = clock.recorded(millis(1250), 2);
  assert.deepEqual([receipt?.planned, receipt?.lostSeconds], [true, 0.05]);
});

// Would catch a loss during a loss that is counted as two, or whose first half is forgotten.
test('changes before training goes on are one', () => {
  const clock = clockOfSteps();
  clock.decided(millis(1050), joined);
  clock.decided(millis(1200), lost(1100));
  clock.started(millis(1300));
  const receipt = clock.recorded(millis(1400), 3);
  assert.deepEqual(receipt?.workers, ['w2', 'w1']);
  assert.deepEqual([receipt?.cause, receipt?.planned], ['lost', false]);
});
