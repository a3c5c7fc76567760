import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { generation, workerId } from '../../ids.js';
import { emptyLanes, nothingTrained } from '../../ledger/ledger-record-fixture.js';
import { packValue } from '../codec.js';
import { MalformedMessageError } from '../guard.js';
import { type ControlMessage, decodeControl, encodeControl, newRequestId } from './control.js';
import { decodeLeaderMessage, encodeLeaderMessage, type LeaderMessage } from './from-leader.js';
import { decodeWorkerMessage, encodeWorkerMessage, type WorkerMessage } from './from-worker.js';

const sha256 = 'ab'.repeat(32);
const incarnation = '0123456789abcdef';

const report = {
  step: 3,
  loss: 4.0000001,
  sequences: 64,
  itemTokens: 12_000,
  distinctItems: 700,
  measures: { predictions: 900, top1: 0.1, logit_scale: 2.659 },
  stage: null,
  itemCosine: 0.25,
  gradientNorm: 1.25,
  learningRate: 0.003,
  phaseSeconds: { encode: 0.5 },
  waitSeconds: 0.01,
  ...nothingTrained,
};

const progress = { kind: 'progress', incarnation, generation: 3, doing: 'encoding' } as const;
const committed = {
  kind: 'report',
  incarnation,
  number: 3,
  oldest: 2,
  generation: 3,
  report: { kind: 'committed', report, lanes: emptyLanes(), planSha256: sha256 },
} as const;

const workerMessages: readonly WorkerMessage[] = [
  {
    kind: 'status',
    incarnation,
    address: 'host:40000',
    pid: 9,
    host: 'host',
    phase: 'training',
    fence: 2,
    generation: 3,
    position: { committedSteps: 7, collapses: 0, settled: true },
    checkpoint: { path: '/a/step-00000004', committedSteps: 4 },
    leaving: false,
    trouble: [{ worker: 'worker-1', how: 'closed', detail: 'ECONNRESET' }],
    speed: 3.5,
    ping: 1,
  },
  committed,
  {
    ...committed,
    report: {
      ...committed.report,
      work: { itemTokens: 12, flops: 2.5e16 },
      links: {
        ...{ seconds: 2, sentBytes: 20, receivedBytes: 30 },
        peers: [{ rank: 1, sentBytes: 20, receiveSeconds: 0.25, waitSeconds: 0 }],
      },
    },
  },
  { ...progress, done: 1, total: 2 },
];

const leaderMessages: readonly LeaderMessage[] = [
  {
    kind: 'lead',
    fence: 2,
    coordinator: 'pid 9 on host',
    recordedSteps: 4,
    checkpointSteps: 2,
    hasTrained: true,
    generation: {
      generation: generation(3),
      fence: 2,
      planned: false,
      reason: 'worker-2 is gone',
      members: [{ worker: workerId('worker-0'), incarnation, address: 'host:40000', lanes: 4 }],
      writer: workerId('worker-0'),
      start: { kind: 'seed' },
    },
    ...{ paused: false, checkpointWish: null, draining: [] },
    stopping: false,
    over: { kind: 'stopped', reason: 'asked' },
    heard: [{ worker: 'worker-0', incarnation, number: 3 }],
    ping: 1,
  },
  {
    kind: 'files-published',
    digest: 'd',
    files: [{ name: 'items.bin', bytes: 5, sha256 }],
  },
];

// Would catch a field that the schema lacks, and a loss that loses bits on its way.
test('every message comes back as it was sent', () => {
  for (const message of workerMessages) {
    assert.deepEqual(decodeWorkerMessage(encodeWorkerMessage(message)), message);
  }
  for (const message of leaderMessages) {
    assert.deepEqual(decodeLeaderMessage(encodeLeaderMessage(message)), message);
  }
});

// Would catch any exception that would end the process which received the bytes.
test('a changed or cut message is refused as malformed, or is a valid one', () => {
  const all = workerMessages.map(encodeWorkerMessage);
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(255), fc.boolean(), (which, at, byte, cut) => {
      const bytes = Uint8Array.from(all[which % all.length] as Uint8Array);
      const index = at % bytes.byteLength;
      bytes[index] = byte;
      try {
        decodeWorkerMessage(cut ? bytes.subarray(0, index) : bytes);
      } catch (error) {
        assert.ok(error instanceof MalformedMessageError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

function reasonOf(value: unknown): string {
  try {
    decodeWorkerMessage(packValue(value));
  } catch (error) {
    assert.ok(error instanceof MalformedMessageError);
    return error.reason;
  }
  return 'accepted';
}

// Would catch refusals that cannot be told apart in the metrics.
test('a refusal says what kind of fault it was', () => {
  const valid = { ...progress, done: 1, total: 2 };
  assert.equal(reasonOf(valid), 'accepted');
  assert.equal(reasonOf({ kind: 'gossip' }), 'kind');
  assert.equal(reasonOf({ ...valid, done: -1 }), 'fields');
  assert.equal(reasonOf({ ...valid, more: 1 }), 'fields');
  const lost = { ...report, loss: Number.NaN };
  assert.equal(reasonOf({ ...committed, report: { ...committed.report, report: lost } }), 'fields');
  assert.equal(reasonOf('x'.repeat(300_000)), 'size');
});

// Would catch a file name that leaves the cache folder.
test('a dataset file has a plain name', () => {
  const files = [{ name: '../../etc/passwd', bytes: 1, sha256 }];
  const bytes = packValue({ kind: 'files-published', digest: 'd', files });
  assert.throws(() => decodeLeaderMessage(bytes), MalformedMessageError);
});

// Would catch a request whose repetition nobody can tell from a second one.
test('every request but stop has an id, and a pause without one is refused', () => {
  const asked = { by: 'ann@host', id: newRequestId() };
  const requests: ControlMessage[] = [
    { kind: 'stop', by: 'ann@host' },
    { kind: 'pause', ...asked },
    { kind: 'go-on', ...asked },
    { kind: 'checkpoint', ...asked },
    { kind: 'drain', worker: 'worker-1', ...asked },
  ];
  for (const request of requests) assert.deepEqual(decodeControl(encodeControl(request)), request);
  const without = packValue({ kind: 'pause', by: 'ann@host' });
  assert.throws(() => decodeControl(without), MalformedMessageError);
});
