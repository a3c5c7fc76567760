import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReportedMetrics } from '../../shared/messages/messages.js';
import { metricsTable } from './metrics-table.js';
import { resultJson } from './result.js';

const metrics: readonly ReportedMetrics[] = [
  { split: 'validation', model: 'hllm', users: 9, values: { 'recall@10': 0.3 } },
  { split: 'test', model: 'hllm', users: 9, values: { 'recall@10': 0.2, 'ndcg@10': 0.1 } },
  { split: 'test', model: 'popularity', users: 9, values: { 'recall@10': 0.1, 'ndcg@10': 0 } },
];

// Would catch a key that other programs read and that is renamed or filled from the wrong split.
test('the JSON result has the keys that others rely on', () => {
  const result = {
    committedSteps: 7,
    finalLoss: 1.5,
    liveNegatives: { mean: 500.5, least: 490, leastOfRun: 480 },
    weightsSha256: 'ab',
    stopped: false,
    checkpoint: '/c',
    metrics,
  };
  assert.deepEqual(resultJson(result), {
    final_loss: 1.5,
    live_negatives: { mean: 500.5, least: 490, least_of_run: 480 },
    weights_sha256: 'ab',
    committed_steps: 7,
    stopped: false,
    checkpoint: '/c',
    metrics: {
      validation: { 'recall@10': 0.3 },
      test: { 'recall@10': 0.2, 'ndcg@10': 0.1 },
      popularity: { validation: null, test: { 'recall@10': 0.1, 'ndcg@10': 0 } },
    },
  });
});

// Would catch columns that are swapped, and a ratio of infinity.
test('the table sets the model beside popularity', () => {
  const lines = [
    '                        hllm  popularity  ratio',
    'validation recall@10  0.3000           -      -',
    'test recall@10        0.2000      0.1000  2.00x',
    'test ndcg@10          0.1000      0.0000      -',
    '(9 users, full catalogue, history masked)',
  ];
  assert.equal(metricsTable(metrics), lines.join('\n'));
});
