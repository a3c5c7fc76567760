import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aRecord, nothingTrained } from '../ledger/ledger-record-fixture.js';
import type { ReportedMetrics, ReportedStep } from '../messages/report-fields.js';
import type { RunEvent, RunResult } from '../messages/run-events.js';
import { EventLines, finishedLine } from './event-lines.js';
import { historyLine } from './history-line.js';

const time = '2026-01-02T03:04:05.678Z';
const versions = { lockstep_version: '1.2.3', node_version: '20.0.0' };

const report: ReportedStep = {
  step: 6,
  loss: 1.5,
  sequences: 64,
  itemTokens: 9000,
  distinctItems: 500,
  measures: {
    predictions: 600,
    top1: 0.1,
    live_negatives: 99,
    least_live_negatives: 9,
    logit_scale: 2.6,
  },
  stage: null,
  itemCosine: 0.25,
  gradientNorm: 2,
  learningRate: 0.001,
  phaseSeconds: { encode: 0.1 },
  waitSeconds: 0.2,
  ...nothingTrained,
};

const results: readonly ReportedMetrics[] = [
  {
    split: 'test',
    model: 'hllm',
    users: 9,
    tooShort: 1,
    repeats: 2,
    tied: 3,
    items: 30,
    values: { 'recall@10': 0.3 },
  },
];

const events: readonly RunEvent[] = [
  { kind: 'notice', text: 'no checkpoint' },
  { kind: 'started', members: ['a', 'b'], firstStep: 6, totalSteps: 9, resumedFrom: '/c/step-6' },
  { kind: 'committed', report, seconds: 0.5, ledger: aRecord() },
  { kind: 'checkpointed', committedSteps: 7, path: '/c/step-7', seconds: 0.1 },
  { kind: 'evaluated', committedSteps: 7, results },
  {
    kind: 'rolled-back',
    committedSteps: 7,
    rolledBackTo: 5,
    reason: 'few negatives',
    falseNegatives: 'text',
    learningRate: 0.001,
  },
];

// Would catch a line that readers refuse, and a warning that does not say when it was.
test('every event of a course becomes a line that the schema knows', () => {
  const lines = new EventLines(versions);
  const written = events.map((event) => historyLine.parse(lines.lineOf(event, time)));
  assert.deepEqual(
    written.map(({ kind, committed_steps }) => [kind, committed_steps]),
    [
      ['warning', 0],
      ['started', 6],
      ['committed', 7],
      ['checkpointed', 7],
      ['evaluated', 7],
      ['rolled_back', 7],
    ],
  );
});

// Would catch a number that the metrics know and the history does not.
test('a step line has every field of the report, in snake_case, and the time of the step', () => {
  const line = new EventLines(versions).lineOf(
    { kind: 'committed', report, seconds: 0.5, ledger: aRecord() },
    time,
  );
  // The state behind the step stands in the ledger.
  const { measures, stateHash, ...others } = report;
  const named = Object.entries(others).map(([name, value]) => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value,
  ]);
  const expected: Record<string, unknown> = {
    ...Object.fromEntries(named),
    ...measures,
    step_seconds: 0.5,
  };
  delete expected.step;
  assert.deepEqual(line, { kind: 'committed', time, committed_steps: 7, ...expected });
  assert.deepEqual(historyLine.parse(line), line);
});

// Would catch validations that a history has and that nobody can tell which of them was the best.
test('a validation is an evaluation that says which one was the best so far', () => {
  const best = { metric: 'recall@10', repeats: 'allow', value: 0.4, committedSteps: 4 } as const;
  const validated: RunEvent = {
    kind: 'validated',
    committedSteps: 6,
    results,
    best: { ...best, evaluationsSince: 1 },
  };
  const line = new EventLines(versions).lineOf(validated, time);
  assert.deepEqual(historyLine.parse(line), line);
  assert.deepEqual(line?.kind === 'evaluated' && [line.committed_steps, line.best], [
    6,
    { metric: 'recall@10', value: 0.4, committed_steps: 4 },
  ]);
});

// Would catch ports, and symptoms of which only one is the cause, in the history.
test('what is told elsewhere, or lasts only a moment, is no line of the history', () => {
  const lines = new EventLines(versions);
  assert.equal(lines.lineOf({ kind: 'listening', metricsPort: 1 }, time), null);
  const failed = {
    kind: 'failed',
    code: 'X',
    message: '',
    worker: null,
    committedSteps: 1,
  } as const;
  assert.equal(lines.lineOf(failed, time), null);
  const waiting = lines.lineOf({ kind: 'waiting', reason: '1 of 2 workers' }, time);
  assert.equal(historyLine.safeParse(waiting).success, false);
});

// Would catch a result that the schema of result.json refuses.
test('a result is a line of the history', () => {
  const result: RunResult = {
    committedSteps: 9,
    finalLoss: null,
    liveNegatives: { mean: 5.5, least: 4, leastOfRun: 3 },
    weightsSha256: 'ab'.repeat(32),
    stopped: false,
    endedEarly: true,
    stage: null,
    best: {
      metric: 'recall@10',
      repeats: 'allow',
      value: 0.25,
      committedSteps: 4,
      evaluationsSince: 3,
      checkpoint: '/c/step-00000004',
    },
    checkpoint: null,
    metrics: results,
  };
  const line = finishedLine(result, { exitCode: 0, resume: null, time });
  assert.deepEqual(historyLine.parse(line), line);
  assert.deepEqual(line.metrics.test, { 'recall@10': 0.3 });
});
