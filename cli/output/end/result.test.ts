import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReportedMetrics } from '../../../shared/messages/report-fields.js';
import { brokenLine, endLine } from './end-line.js';
import { metricsTable } from './metrics-table.js';
import { resultText } from './result.js';

const row = (
  split: ReportedMetrics['split'],
  model: ReportedMetrics['model'],
  values: Record<string, number>,
  changes: Partial<ReportedMetrics> = {},
): ReportedMetrics => ({
  ...{ split, model, users: 9, tooShort: 0, repeats: 0, tied: 0, items: 30, values },
  ...changes,
});

const time = '2026-01-02T03:04:05.678Z';
const metrics: readonly ReportedMetrics[] = [
  row('validation', 'hllm', { 'recall@10': 0.3 }),
  row('test', 'hllm', { 'recall@10': 0.2, 'ndcg@10': 0.1 }),
  row('test', 'popularity', { 'recall@10': 0.1, 'ndcg@10': 0 }, { tied: 4 }),
];

const best = {
  metric: 'ndcg@10',
  repeats: 'allow',
  value: 0.4,
  committedSteps: 5,
  evaluationsSince: 2,
  checkpoint: '/b',
} as const;

const stopped = {
  committedSteps: 7,
  finalLoss: 1.5,
  weightsSha256: 'ab',
  liveNegatives: null,
  stopped: true,
  endedEarly: false,
  stage: null,
  best: null,
  checkpoint: '/c',
  metrics: [],
};

// Would catch a key that other programs read and that is renamed or filled from the wrong split.
test('the JSON result has the keys that others rely on', () => {
  const result = {
    committedSteps: 7,
    finalLoss: 1.5,
    liveNegatives: { mean: 500.5, least: 490, leastOfRun: 480 },
    weightsSha256: 'ab',
    stopped: false,
    endedEarly: true,
    stage: null,
    best,
    checkpoint: '/c',
    metrics: [...metrics, row('validation', 'best', { 'recall@10': 0.4 })],
  };
  assert.deepEqual(endLine({ kind: 'finished', result }, 'lockstep ...', time), {
    kind: 'finished',
    time,
    exit_code: 0,
    final_loss: 1.5,
    live_negatives: { mean: 500.5, least: 490, least_of_run: 480 },
    weights_sha256: 'ab',
    committed_steps: 7,
    stopped: false,
    resume: null,
    ended_early: true,
    stage: null,
    best: {
      metric: 'ndcg@10',
      value: 0.4,
      committed_steps: 5,
      checkpoint: '/b',
      metrics: { validation: { 'recall@10': 0.4 }, test: null },
    },
    checkpoint: '/c',
    metrics: {
      validation: { 'recall@10': 0.3 },
      test: { 'recall@10': 0.2, 'ndcg@10': 0.1 },
      popularity: { validation: null, test: { 'recall@10': 0.1, 'ndcg@10': 0 } },
    },
    evaluation: {
      validation: { users: 9, repeats: 0, tied: 0, tied_popularity: 0 },
      test: { users: 9, repeats: 0, tied: 0, tied_popularity: 4 },
      items: 30,
      users_too_short: 0,
      cutoffs_above_catalogue: [],
    },
  });
});

// Would catch a supervisor that has a stopped run and no command to go on with.
test('a stopped run names the command that goes on', () => {
  const result = {
    committedSteps: 7,
    finalLoss: 1.5,
    liveNegatives: null,
    weightsSha256: 'ab',
    stopped: true,
    endedEarly: false,
    stage: null,
    best: null,
    checkpoint: '/c',
    metrics: [],
  };
  const line = endLine({ kind: 'finished', result }, 'lockstep ...', time);
  assert.deepEqual([line.exit_code, line.resume], [5, 'lockstep ...']);
});

// Would catch columns that are swapped, and a ratio of infinity.
test('the table sets the model beside popularity', () => {
  const lines = [
    '                        hllm  popularity  ratio',
    'validation recall@10  0.3000           -      -',
    'test recall@10        0.2000      0.1000  2.00x',
    'test ndcg@10          0.1000      0.0000      -',
    '(9 users, full catalogue of 30 items, history masked)',
  ];
  assert.equal(metricsTable(metrics), lines.join('\n'));
});

// Would catch numbers that are believed because nothing says what they leave out.
test('the table says whom it leaves out, and what is decided by chance or cannot be reached', () => {
  const few = { users: 20, tooShort: 1200, repeats: 3, tied: 5, items: 24 };
  const values = { 'recall@10': 0.5, 'recall@50': 1, 'recall@200': 1, mrr: 0.2 };
  const remarks = metricsTable([
    row('validation', 'hllm', values, { ...few, repeats: 0, tied: 0 }),
    row('test', 'hllm', values, few),
  ])
    .split('\n')
    .slice(-5);
  assert.deepEqual(remarks, [
    '(20 users, full catalogue of 24 items, history masked)',
    '1,200 users not evaluated: a history needs three items or more',
    'the catalogue has fewer items than the cutoffs 50, 200: each of them counts all',
    'test: 3 users held out what their history has too (evaluation.repeats)',
    'test: 25.0% of the items asked for tie with others, and count by chance',
  ]);
});

// Would catch numbers of targets that stand beside the baseline of rankings, and a log-loss of which
// nobody says what it is of.
test('what is told of targets has a table of its own, beside the base rate', () => {
  const targets = { total: 4715, wanted: 943, users: 943, oneClass: 0 };
  const values = { auc: 0.75, gauc: 0.7, logloss: 0.4 };
  const baseline = { auc: 0.5, gauc: 0.5, logloss: 0.5004 };
  const judged = [
    row('test', 'hllm', { mrr: 0.1, ...values }, { targets }),
    row('test', 'popularity', { mrr: 0.05 }),
    row('test', 'base-rate', baseline, { targets: { ...targets, oneClass: 3 } }),
  ];
  const lines = [
    '                hllm  base rate',
    'test auc      0.7500     0.5000',
    'test gauc     0.7000     0.5000',
    'test logloss  0.4000     0.5004',
    'test: 4,715 targets of 943 users, 20.0% wanted',
  ];
  assert.deepEqual(metricsTable(judged).split('\n').slice(-5), lines);
  assert.match(metricsTable(judged), /^ +hllm +popularity +ratio\ntest mrr /);
  // Without a generative part nothing is ranked.
  const alone = [
    row('test', 'hllm', values, { targets: { ...targets, oneClass: 3 }, tooShort: 2 }),
  ];
  assert.deepEqual(metricsTable(alone).split('\n').slice(-3), [
    ...lines.slice(-1),
    'test: gauc leaves out 3 users whose targets are of one class',
    '2 users not evaluated: a history needs three items or more',
  ]);
  const result = { ...stopped, stopped: false, metrics: judged };
  const line = endLine({ kind: 'finished', result }, '', time);
  assert.ok(line.kind === 'finished');
  assert.deepEqual(line.metrics.base_rate, { validation: null, test: baseline });
  assert.deepEqual(line.evaluation?.test?.targets, {
    ...{ total: 4715, wanted: 943, users: 943, users_of_one_class: 0 },
  });
});

// Would catch a script that takes a stopped run for a finished one, and a failure without a cause.
test('every end has its exit code, and a failure says why and how to go on', () => {
  const resume = 'lockstep train x.yaml --resume';
  assert.equal(endLine({ kind: 'finished', result: stopped }, resume, time).exit_code, 5);
  const interrupted = endLine({ kind: 'interrupted', committedSteps: 3 }, resume, time);
  const message = 'stopped at once after 3 committed steps';
  assert.deepEqual(interrupted, {
    kind: 'failed',
    time,
    committed_steps: 3,
    exit_code: 130,
    code: 'INTERRUPTED',
    message,
    process: null,
    resume,
  });
  const cause = {
    exitCode: 4,
    code: 'PROCESS_LOST',
    message: 'm',
    remedy: 'resume',
    process: 'worker-1',
  } as const;
  const failed = endLine({ kind: 'failed', cause, committedSteps: 9, logFile: null }, resume, time);
  assert.deepEqual([failed.exit_code, failed.kind === 'failed' && failed.process], [4, 'worker-1']);
  const broken = brokenLine(new Error('no room'), 0, resume, time);
  assert.deepEqual([broken.code, broken.message, broken.exit_code], ['INTERNAL', 'no room', 1]);
});

// Would catch the best checkpoint's numbers in the newest one's column.
test('a best checkpoint has a column of its own, and a place in the text', () => {
  const kept = row('validation', 'best', { 'recall@10': 0.4 });
  assert.deepEqual(
    metricsTable([...metrics, kept])
      .split('\n')
      .slice(0, 3),
    [
      '                        hllm    best  popularity  ratio',
      'validation recall@10  0.3000  0.4000           -      -',
      'test recall@10        0.2000       -      0.1000  2.00x',
    ],
  );
  const text = resultText({
    committedSteps: 7,
    finalLoss: 1.5,
    liveNegatives: null,
    weightsSha256: 'ab',
    stopped: false,
    endedEarly: true,
    stage: null,
    best,
    checkpoint: '/c',
    metrics: [],
  });
  assert.deepEqual(text.split('\n').slice(-3), [
    'best checkpoint  /b',
    '                 (validation ndcg@10 0.4000 after step 5)',
    'ended early      ndcg@10 did not improve in 2 evaluations',
  ]);
});
