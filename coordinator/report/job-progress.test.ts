/** What a job's log comes to in a report. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aRecord } from '../../shared/ledger/ledger-record-fixture.js';
import { membersMax } from '../../shared/limits.js';
import type { Happening } from '../../shared/messages/cluster/log-entry.js';
import {
  decodeJobReport,
  encodeJobReport,
  type JobReport,
  jobReportBytes,
  reportedMetricsMax,
} from '../../shared/messages/job-report.js';
import type { ReportedMetrics } from '../../shared/messages/report-fields.js';
import { at } from '../membership/cluster-fixture.js';
import { report } from '../run-fixture.js';
import { foldProgress, type JobProgress, noProgress } from './job-progress.js';
import { jobReportOf } from './job-report-of.js';

const time = '2026-01-02T03:04:05.000Z';
const fold = (entries: readonly Happening[]): JobProgress =>
  entries.reduce(
    (progress, entry) => foldProgress(progress, { fence: 1, time, entry }),
    noProgress,
  );

const by = { uid: 'u', runId: 't0123456789abcdef', fence: 1, sequence: 1, min: 2 };
/** As whoever receives it reads it. */
const reportOf = (...entries: Happening[]): JobReport => {
  const made = jobReportOf(fold(entries), { ...by, time, straggler: null });
  assert.deepEqual(decodeJobReport(encodeJobReport(made)), made);
  return made;
};

const led: Happening = { kind: 'led', coordinator: 'c', totalSteps: 10 };
const waiting = (reason: string): Happening => ({ kind: 'waiting', reason });
const generation = (number: number, steps: number | null, ...workers: string[]): Happening => ({
  kind: 'generation',
  generation: number,
  planned: false,
  reason: `why ${number}`,
  members: workers.map((worker) => ({ worker, lanes: 1 })),
  writer: workers[0] ?? null,
  position: steps === null ? null : at(steps),
  resumedFrom: null,
});
const committed = (step: number, seconds = 2): Happening => ({
  kind: 'committed',
  generation: 1,
  report: report(step, 3 - step / 10),
  seconds,
  ledger: aRecord(),
});
const recovered = (cause: 'lost' | 'joined', workers: string[]): Happening => ({
  kind: 'recovered',
  generation: 2,
  cause,
  workers,
  planned: cause === 'joined',
  detectSeconds: 0.5,
  reformSeconds: 0.25,
  resumeSeconds: 1,
  lostSeconds: 2,
  recomputedSteps: 1,
});
const result = {
  committedSteps: 10,
  finalLoss: 2,
  liveNegatives: null,
  weightsSha256: 'ab'.repeat(32),
  stopped: false,
  endedEarly: false,
  stage: null,
  best: null,
  checkpoint: null,
  metrics: [],
};

// Would catch a job that is shown as running while nobody trains, or as waiting while somebody does.
test('the phase follows who trains, from the first member to the end', () => {
  const [begun, wait] = [generation(1, 0, 'a', 'b'), waiting('1 of at least 2 workers')];
  const phase = (...entries: Happening[]): readonly [string, string] => {
    const { phase, reason } = reportOf(led, ...entries);
    return [phase, reason];
  };
  assert.deepEqual(phase(), ['starting', '']);
  assert.deepEqual(phase(wait), ['starting', '1 of at least 2 workers']);
  assert.deepEqual(phase(wait, generation(1, null, 'a', 'b')), [
    'starting',
    '1 of at least 2 workers',
  ]);
  assert.deepEqual(phase(wait, begun), ['training', '']);
  assert.deepEqual(phase(begun, committed(0), wait), ['paused', '1 of at least 2 workers']);
  assert.deepEqual(phase(begun, wait, generation(2, 1, 'a', 'b')), ['training', '']);
  assert.deepEqual(phase(begun, generation(2, null, 'a', 'c')), ['training', '']);
  assert.deepEqual(phase(begun, committed(9)), ['evaluating', '']);
  assert.deepEqual(phase(begun, { kind: 'finished', result }), ['finished', '']);
  const stopped = { ...result, stopped: true };
  assert.deepEqual(phase(begun, { kind: 'finished', result: stopped }), [
    'finished',
    'stopped on request',
  ]);
  const failed = { kind: 'failed', code: 'NO_PROGRESS', message: 'm' } as const;
  const end = reportOf(led, begun, { ...failed, worker: null, committedSteps: 0 });
  assert.deepEqual([end.phase, end.code, end.reason], ['failed', 'NO_PROGRESS', 'm']);
});

// Would catch a resumed job that is shown with the end of the execution before.
test('a run that had ended and is led again has not ended', () => {
  const end: Happening = {
    kind: 'finished',
    result: { ...result, committedSteps: 1, stopped: true },
  };
  const { phase, weightsSha256 } = reportOf(led, generation(1, 0, 'a'), committed(0), end, led);
  assert.deepEqual([phase, weightsSha256], ['paused', null]);
});

// Would catch numbers of the run that are not those of its history.
test('steps, loss, checkpoint and who trains are those of the log', () => {
  const made = reportOf(
    led,
    generation(3, 0, 'a', 'b'),
    committed(0),
    committed(1),
    { kind: 'checkpointed', committedSteps: 2, path: '/c', seconds: 1, worker: 'a' },
    recovered('lost', ['c']),
    recovered('joined', ['d']),
  );
  assert.deepEqual(
    [made.committedSteps, made.totalSteps, made.loss, made.generation, made.members],
    [2, 10, 2.9, 3, ['a', 'b']],
  );
  assert.deepEqual(made.checkpoint, { step: 2, time });
  assert.equal(made.restarts, 1);
  assert.deepEqual(made.recoveries[0], {
    ...{ time, cause: 'lost', workers: ['c'], stepsLost: 1 },
    ...{ detectSeconds: 0.5, reformSeconds: 0.25, resumeSeconds: 1 },
  });
  // Eight steps are left, of two seconds each.
  assert.equal(made.estimatedRemainingSeconds, 16);
});

// Would catch a run that goes back to an older checkpoint and is shown further than it is.
test('an older start takes steps back', () => {
  const steps = [committed(0), committed(1), committed(2)];
  assert.equal(
    reportOf(led, generation(1, 0, 'a'), ...steps, generation(2, 1, 'b')).committedSteps,
    1,
  );
});

const evaluation = (
  model: ReportedMetrics['model'],
  names: readonly string[],
): ReportedMetrics => ({
  split: 'test',
  model,
  ...{ users: 1, tooShort: 0, repeats: 0, tied: 0, items: 1 },
  values: Object.fromEntries(names.map((name) => [name, 0.5])),
});

// Would catch a report that is refused for its size, and one whose room is taken by a baseline.
test('of many metrics the own ones are kept', () => {
  const many = Array.from({ length: reportedMetricsMax }, (_, index) => `recall@${index}`);
  const results = [evaluation('popularity', many), evaluation('hllm', ['mrr'])];
  const { metrics } = reportOf(led, generation(1, 0, 'a'), committed(0), {
    kind: 'evaluated',
    committedSteps: 1,
    results,
  });
  assert.equal(Object.keys(metrics).length, reportedMetricsMax);
  assert.deepEqual([metrics['test.mrr'], metrics.gradient_norm, metrics.step_seconds], [0.5, 1, 2]);
  assert.equal(metrics['test.popularity.recall@0'], 0.5);
});

// Would catch an account that grows with the run.
test('only the last recoveries are told, and all lost members are counted', () => {
  const losses = Array.from({ length: 12 }, (_, index) => recovered('lost', [`w${index}`]));
  const { recoveries, restarts } = reportOf(led, generation(1, 0, 'a'), ...losses);
  assert.deepEqual([recoveries.length, recoveries[0]?.workers, restarts], [10, ['w2'], 12]);
});

// Would catch a run whose status stands still once a thousand workers have been lost and found twice: each of its
// reports is refused for its length.
test('the largest run fits into a report', () => {
  const all = Array.from(
    { length: membersMax },
    (_, index) => `${'w'.repeat(123)}-${1000 + index}`,
  );
  const ten = Array.from({ length: 10 }, () => recovered('lost', all));
  const made = reportOf(led, generation(1, 0, ...all), ...ten);
  assert.ok(encodeJobReport(made).byteLength < jobReportBytes);
  assert.deepEqual([made.members.length, made.restarts], [membersMax, 10 * membersMax]);
});
