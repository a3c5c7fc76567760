import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nothingTrained } from '../ledger/ledger-record-fixture.js';
import { packValue } from './codec.js';
import { MalformedMessageError } from './guard.js';
import {
  decodeFromCoordinator,
  decodeFromWorker,
  encodeFromCoordinator,
  encodeFromWorker,
  type FromCoordinator,
  type FromWorker,
} from './messages.js';

const sha256 = 'ab'.repeat(32);

const report = {
  step: 3,
  loss: 4.0000001,
  sequences: 64,
  itemTokens: 12_000,
  distinctItems: 700,
  measures: {
    predictions: 900,
    top1: 0.1,
    live_negatives: 511.5,
    least_live_negatives: 508,
    logit_scale: 2.659,
  },
  stage: null,
  itemCosine: 0.25,
  gradientNorm: 1.25,
  learningRate: 0.003,
  phaseSeconds: { encode: 0.5 },
  waitSeconds: 0.01,
  ...nothingTrained(),
};

const fromWorkers: readonly FromWorker[] = [
  { kind: 'join', address: '127.0.0.1:40000', pid: 7, host: 'here', checkpoint: null },
  { kind: 'heartbeat', committedSteps: 4 },
  { kind: 'files-wanted', digest: 'd' },
  { kind: 'ready', step: 0 },
  { kind: 'committed', report, planSha256: sha256 },
  { kind: 'checkpointed', committedSteps: 4, path: '/a/step-00000004', seconds: 0.2 },
  { kind: 'evaluating', done: 1, total: 2 },
  {
    kind: 'evaluated',
    results: [
      {
        split: 'test',
        model: 'hllm',
        users: 3,
        tooShort: 0,
        repeats: 0,
        tied: 0,
        items: 20,
        values: { 'ndcg@5': 0.1 },
      },
    ],
  },
  {
    kind: 'validated',
    committedSteps: 4,
    results: [],
    best: {
      metric: 'mrr',
      repeats: 'allow',
      value: 0.1,
      committedSteps: 2,
      evaluationsSince: 1,
    },
  },
  { kind: 'failed', code: 'NON_FINITE', message: 'm', stack: 's', committedSteps: 4 },
  {
    kind: 'finished',
    committedSteps: 4,
    finalLoss: null,
    weightsSha256: sha256,
    stopped: false,
    endedEarly: false,
    stage: null,
    best: null,
    checkpoint: null,
  },
];

const fromCoordinators: readonly FromCoordinator[] = [
  { kind: 'heartbeat', committedSteps: 4 },
  { kind: 'stop' },
  { kind: 'abort', reason: 'r' },
  { kind: 'complete' },
  { kind: 'files-published', digest: 'd', files: [{ name: 'dataset.json', bytes: 3, sha256 }] },
  {
    kind: 'membership',
    generation: 0,
    members: [{ worker: 'worker-0', address: '127.0.0.1:40000' }],
    linksToken: 'x'.repeat(48),
    job: { metadata: { name: 'a' } },
    dataset: { directory: '/d', digest: 'd' },
    checkpointDirectory: '/c',
    resumeFrom: null,
    totalSteps: 10,
    evaluate: true,
  },
];

// Would catch a field that the schema lacks, and a loss that loses bits on its way.
test('every message comes back as it was sent', () => {
  for (const message of fromWorkers) {
    assert.deepEqual(decodeFromWorker(encodeFromWorker(message)), message);
  }
  for (const message of fromCoordinators) {
    assert.deepEqual(decodeFromCoordinator(encodeFromCoordinator(message)), message);
  }
});

// Would catch any exception that would end the process which received the bytes.
test('a changed or cut message is refused as malformed, or is a valid one', () => {
  const all = fromWorkers.map(encodeFromWorker);
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(255), fc.boolean(), (which, at, byte, cut) => {
      const bytes = Uint8Array.from(all[which % all.length] as Uint8Array);
      const index = at % bytes.byteLength;
      bytes[index] = byte;
      try {
        decodeFromWorker(cut ? bytes.subarray(0, index) : bytes);
      } catch (error) {
        assert.ok(error instanceof MalformedMessageError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

function reasonOf(value: unknown): string {
  try {
    decodeFromWorker(packValue(value));
  } catch (error) {
    assert.ok(error instanceof MalformedMessageError);
    return error.reason;
  }
  return 'accepted';
}

// Would catch refusals that cannot be told apart in the metrics.
test('a refusal says what kind of fault it was', () => {
  assert.equal(reasonOf({ kind: 'heartbeat', committedSteps: 1 }), 'accepted');
  assert.equal(reasonOf({ kind: 'gossip' }), 'kind');
  assert.equal(reasonOf({ kind: 'heartbeat', committedSteps: -1 }), 'fields');
  assert.equal(reasonOf({ kind: 'heartbeat', committedSteps: 1, more: 1 }), 'fields');
  assert.equal(
    reasonOf({ kind: 'committed', report: { ...report, loss: Number.NaN }, planSha256: sha256 }),
    'fields',
  );
  assert.equal(reasonOf('x'.repeat(300_000)), 'size');
});

// Would catch a file name that leaves the cache folder.
test('a dataset file has a plain name', () => {
  const files = [{ name: '../../etc/passwd', bytes: 1, sha256 }];
  const bytes = packValue({ kind: 'files-published', digest: 'd', files });
  assert.throws(() => decodeFromCoordinator(bytes), MalformedMessageError);
});
