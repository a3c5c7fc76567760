import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workerId } from '../../shared/ids.js';
import { millis } from '../../shared/units.js';
import { PhaseSums, phasesInterval } from './phase-sums.js';
import type { LoggedGeneration } from './run-state.js';
import type { StepReport } from './step-reports.js';

const report = (index: number, forward: number): StepReport =>
  ({
    worker: workerId(`worker-${index}`),
    report: { phaseSeconds: { forward }, waitSeconds: forward / 2 },
  }) as unknown as StepReport;

const trainedBy = (generation: number, lanes: readonly number[]): LoggedGeneration => ({
  generation,
  members: lanes.map((count, index) => ({ worker: workerId(`worker-${index}`), lanes: count })),
  started: true,
});

// Would catch a log that grows by an entry of all members with each short step.
test('times are summed, and told once in a while', () => {
  const sums = new PhaseSums(millis(0));
  const both = trainedBy(1, [3, 1]);
  assert.equal(sums.add(millis(100), [report(0, 1), report(1, 2)], both), null);
  const told = sums.add(phasesInterval, [report(0, 1), report(1, 4)], both);
  assert.deepEqual(told, {
    kind: 'phases',
    generation: 1,
    steps: 2,
    members: [
      { worker: 'worker-0', lanes: 3, phaseSeconds: { forward: 2 }, waitSeconds: 1 },
      { worker: 'worker-1', lanes: 1, phaseSeconds: { forward: 6 }, waitSeconds: 3 },
    ],
  });
  assert.equal(sums.add(millis(phasesInterval + 1), [report(0, 1)], both), null);
});

// Would catch times of one membership that are told as those of the next.
test('what a generation spent is told when the next one has trained', () => {
  const sums = new PhaseSums(millis(0));
  sums.add(millis(1), [report(0, 1), report(1, 1)], trainedBy(1, [2, 2]));
  const told = sums.add(millis(2), [report(0, 5)], trainedBy(2, [4]));
  assert.deepEqual([told?.generation, told?.steps, told?.members.length], [1, 1, 2]);
  const next = sums.add(millis(2 + phasesInterval), [report(0, 5)], trainedBy(2, [4]));
  assert.deepEqual([next?.generation, next?.steps], [2, 2]);
  assert.deepEqual(next?.members[0]?.phaseSeconds, { forward: 10 });
});

// Would catch a report of a member that is not there any more, which nothing draws.
test('whoever has not reported has no times', () => {
  const sums = new PhaseSums(millis(0));
  const told = sums.add(phasesInterval, [report(1, 1)], trainedBy(1, [2, 2]));
  assert.deepEqual(
    told?.members.map(({ worker }) => worker),
    ['worker-1'],
  );
});
