import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workerId } from '../shared/ids.js';
import { nothingTrained } from '../shared/ledger/ledger-record-fixture.js';
import type { ReportedStep } from '../shared/messages/report-fields.js';
import { CommitTracker, MembersDifferError, ReportOrderError } from './commit-tracker.js';

const a = workerId('a');
const b = workerId('b');

const report = (step: number, changes: Partial<ReportedStep> = {}): ReportedStep => ({
  step,
  loss: 1 / 3,
  sequences: 4,
  itemTokens: 30,
  distinctItems: 7,
  measures: {
    predictions: 9,
    top1: 0.5,
    live_negatives: 6,
    least_live_negatives: 5,
    logit_scale: 2,
  },
  stage: null,
  itemCosine: 0.25,
  gradientNorm: 1,
  learningRate: 0.1,
  phaseSeconds: {},
  waitSeconds: 0,
  ...nothingTrained(),
  ...changes,
});

// Would catch a step that counts as committed while a member is still in it.
test('a step is committed when the last member has reported it', () => {
  const tracker = new CommitTracker([a, b], 0);
  assert.deepEqual(tracker.record(a, report(0)), []);
  assert.deepEqual(tracker.record(a, report(1)), []);
  assert.deepEqual(tracker.record(workerId('stranger'), report(0)), []);
  assert.equal(tracker.committedSteps, 0);
  assert.deepEqual(
    tracker.record(b, report(0)).map(([{ report }]) => report.step),
    [0],
  );
  assert.deepEqual(
    tracker.record(b, report(1)).map(([{ report }]) => report.step),
    [1],
  );
  assert.equal(tracker.committedSteps, 2);
});

// Would catch diverged weights that stay unseen until the end, or for ever.
test('one differing bit in what must agree ends the run, naming members and field', () => {
  const differences: readonly Partial<ReportedStep>[] = [
    { loss: 1 / 3 + Number.EPSILON / 4 },
    { gradientNorm: 1 + Number.EPSILON },
    { itemTokens: 31 },
  ];
  for (const changes of differences) {
    const [field] = Object.keys(changes);
    const tracker = new CommitTracker([a, b], 0);
    tracker.record(a, report(0));
    assert.throws(
      () => tracker.record(b, report(0, changes)),
      (error: unknown) => {
        assert.ok(error instanceof MembersDifferError);
        assert.match(error.message, new RegExp(`a has ${field} .* and b has`));
        return true;
      },
    );
  }
});

// Would catch timings that are compared as if they were results.
test('durations may differ', () => {
  const tracker = new CommitTracker([a, b], 5);
  tracker.record(a, report(5));
  const slower = report(5, { waitSeconds: 9, phaseSeconds: { users: 1 } });
  assert.equal(tracker.record(b, slower).length, 1);
});

// Would catch a lost report, which would leave the plan standing still for ever.
test('a report out of order ends the run', () => {
  const tracker = new CommitTracker([a, b], 3);
  assert.throws(() => tracker.record(a, report(4)), ReportOrderError);
  assert.throws(() => tracker.record(b, report(2)), ReportOrderError);
});
