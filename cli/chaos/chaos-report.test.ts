import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Happening } from '../../shared/messages/cluster/log-entry.js';
import type { Recovered } from '../../shared/messages/run-events.js';
import { type ChaosRun, chaosReport, hasPassed, percentile, stepsLost } from './chaos-report.js';

const recovered = (seconds: number, changes: Partial<Recovered> = {}): Recovered => ({
  kind: 'recovered',
  generation: 2,
  cause: 'lost',
  workers: ['worker-1'],
  planned: false,
  detectSeconds: 0,
  reformSeconds: 0,
  resumeSeconds: seconds,
  lostSeconds: seconds,
  recomputedSteps: 1,
  ...changes,
});

const run = (changes: Partial<ChaosRun> = {}): ChaosRun => ({
  weightsSha256: 'aa',
  failure: null,
  differences: [],
  steps: 10,
  seconds: 10,
  injected: { kill: 0, hang: 0, coordinator: 0, nats: 0 },
  recoveries: [],
  committedStepsLost: 0,
  ...changes,
});

// Would catch a verdict that passes whatever happened.
test('one run with other weights, a difference in its ledger, a lost step or a failure is enough', () => {
  assert.ok(hasPassed(chaosReport(run(), [run(), run({ seconds: 20 })])));
  const bad: Partial<ChaosRun>[] = [
    { weightsSha256: 'bb' },
    { weightsSha256: null },
    { differences: ['user 3 twice'] },
    { committedStepsLost: 1 },
    { failure: 'no progress' },
  ];
  for (const changes of bad) {
    assert.ok(!hasPassed(chaosReport(run(), [run(), run(changes)])), JSON.stringify(changes));
  }
  assert.ok(!hasPassed(chaosReport(run(), [])), 'nothing was tried');
});

// Would catch planned changes that make losses look quick.
test('recovery times are of losses alone', () => {
  const recoveries = [
    ...[1, 2, 3].map((seconds) => recovered(seconds)),
    recovered(0, { planned: true, cause: 'joined' }),
    recovered(9, { cause: 'bus' }),
  ];
  const report = chaosReport(run(), [run({ recoveries, seconds: 20 })]);
  assert.deepEqual(
    [report.recovery_p50_seconds, report.recovery_p95_seconds, report.throughput_kept],
    [2, 3, 0.5],
  );
  assert.equal(percentile([], 0.5), null);
});

// Would catch steps that are trained again, unseen.
test('a generation that starts behind what was recorded has lost the steps between', () => {
  const generation = (committedSteps: number): Happening => ({
    kind: 'generation',
    generation: 1,
    planned: false,
    reason: '',
    members: [],
    writer: null,
    position: { committedSteps, collapses: 0, settled: true },
    resumedFrom: null,
  });
  const committed = (step: number) => ({ kind: 'committed', report: { step } }) as Happening;
  assert.equal(stepsLost([generation(0), committed(0), generation(1), committed(1)]), 0);
  const back = [generation(0), committed(0), committed(1), committed(2), generation(1)];
  assert.equal(stepsLost([...back, committed(1), generation(2)]), 2);
});
