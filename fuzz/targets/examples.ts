/** Valid messages and records, for the fuzzer to start from. */

import { generation as generationOf, workerId } from '../../shared/ids.js';
import { aRecord, emptyLanes, nothingTrained } from '../../shared/ledger/ledger-record-fixture.js';
import type { GenerationRecord } from '../../shared/membership/generation-record.js';
import type { ControlMessage } from '../../shared/messages/cluster/control.js';
import type { LeaderMessage } from '../../shared/messages/cluster/from-leader.js';
import type { WorkerMessage } from '../../shared/messages/cluster/from-worker.js';
import type { Happening } from '../../shared/messages/cluster/log-entry.js';
import type { PublishedFile } from '../../shared/messages/published-file.js';
import type { RunClaim } from '../../shared/run/claim.js';
import type { RunDescription } from '../../shared/run/run-description.js';
import type { CheckpointManifest } from '../../worker/checkpoint/checkpoint-folder.js';

export const digestOf = (digit: string): string => digit.repeat(64);

const incarnation = '0123456789abcdef';
const position = { committedSteps: 7, collapses: 0, settled: true };
const members = ['worker-0', 'worker-1'].map((name) => ({
  worker: workerId(name),
  incarnation,
  address: '127.0.0.1:40000',
  lanes: 2,
}));

export const generation: GenerationRecord = {
  generation: generationOf(3),
  fence: 2,
  planned: false,
  reason: 'worker-2 is gone',
  members,
  writer: workerId('worker-0'),
  start: { kind: 'state', position, holders: [workerId('worker-0')] },
};

const report = {
  step: 3,
  stage: 'end-to-end',
  loss: 4.25,
  sequences: 64,
  itemTokens: 12_000,
  distinctItems: 700,
  measures: { predictions: 900, top1: 0.1 },
  itemCosine: 0.25,
  gradientNorm: 1.25,
  learningRate: 0.003,
  phaseSeconds: { encode: 0.5 },
  waitSeconds: 0.01,
  ...nothingTrained,
};
const metrics = {
  split: 'test',
  model: 'hllm',
  users: 3,
  tooShort: 0,
  repeats: 0,
  tied: 0,
  items: 20,
  targets: { total: 9, wanted: 3, users: 3, oneClass: 0 },
  values: { 'ndcg@5': 0.1 },
} as const;
const best = {
  metric: 'mrr',
  repeats: 'allow',
  value: 0.1,
  committedSteps: 2,
  evaluationsSince: 1,
} as const;
const finished = {
  committedSteps: 4,
  finalLoss: 1.5,
  weightsSha256: digestOf('a'),
  stopped: false,
  endedEarly: false,
  stage: null,
  best: { ...best, checkpoint: '/a/step-00000002' },
  checkpoint: 's3://bucket/run/step-00000004',
};
const failed = { code: 'NON_FINITE', message: 'm', committedSteps: 4 };
const files: PublishedFile[] = [{ name: 'items.bin', bytes: 5, sha256: digestOf('f') }];

const reports = [
  { kind: 'committed', report, lanes: emptyLanes(), planSha256: digestOf('b') },
  { kind: 'checkpointed', committedSteps: 4, path: '/a/step-00000004', seconds: 0.2 },
  { kind: 'validated', committedSteps: 4, results: [metrics], best },
  { kind: 'finished', ...finished },
  { kind: 'failed', ...failed, stack: 's' },
] as const;

export const workerMessages: readonly WorkerMessage[] = [
  {
    kind: 'status',
    incarnation,
    address: 'host:40000',
    pid: 9,
    host: 'host',
    phase: 'training',
    fence: 2,
    generation: 3,
    position,
    checkpoint: { path: '/a/step-00000004', committedSteps: 4 },
    leaving: false,
    trouble: [{ worker: 'worker-1', how: 'closed', detail: 'ECONNRESET' }],
    speed: 3.5,
    ping: 1,
  },
  ...reports.map((each) => ({
    kind: 'report' as const,
    incarnation,
    number: 3,
    oldest: 2,
    generation: 3,
    report: each as never,
  })),
  { kind: 'progress', incarnation, generation: 3, doing: 'evaluating', done: 1, total: 2 },
];

export const leaderMessages: readonly LeaderMessage[] = [
  {
    kind: 'lead',
    fence: 2,
    coordinator: 'pid 9 on host',
    recordedSteps: 4,
    checkpointSteps: 2,
    hasTrained: true,
    generation,
    stopping: false,
    paused: true,
    checkpointWish: 4,
    draining: [{ worker: 'worker-1', incarnation }],
    over: { kind: 'finished', reason: 'all steps' },
    heard: [{ worker: 'worker-0', incarnation, number: 3 }],
    ping: 1,
  },
  { kind: 'files-published', digest: 'd', files },
];

const asked = { by: 'ann@host', id: '0123456789abcdef' };

export const controlMessages: readonly ControlMessage[] = [
  { kind: 'stop', by: 'ann@host' },
  { kind: 'pause', ...asked },
  { kind: 'go-on', ...asked },
  { kind: 'checkpoint', ...asked },
  { kind: 'drain', worker: 'worker-1', ...asked },
];

export const happenings: readonly Happening[] = [
  { kind: 'led', coordinator: 'pid 9 on host', totalSteps: 10 },
  { kind: 'committed', generation: 3, report, seconds: 0.5, ledger: aRecord() },
  { kind: 'evaluated', committedSteps: 4, results: [metrics] },
  { kind: 'failed', ...failed, worker: null },
  {
    kind: 'recovered',
    generation: 4,
    cause: 'lost',
    workers: ['worker-1'],
    planned: false,
    detectSeconds: 0.1,
    reformSeconds: 0.2,
    resumeSeconds: 0.3,
    lostSeconds: 0.6,
    recomputedSteps: 1,
  },
  { kind: 'paused', ...asked, committedSteps: 4, standsAt: 6 },
  { kind: 'draining', ...asked, worker: 'worker-1', incarnation, isMember: true },
  { kind: 'refused-request', ...asked, request: 'drain', reason: 'no worker of this name' },
];

export const description: RunDescription = {
  job: { spec: { seed: 1 } },
  jobSha256: digestOf('a'),
  dataset: { directory: '/data', digest: 'd' },
  totalSteps: 4,
  checkpoints: 's3://bucket/run',
  resume: 'newest',
  evaluate: true,
};

export const claim: RunClaim = {
  run: 't0123456789abcdef',
  token: 'token',
  jobSha256: digestOf('a'),
  fence: 2,
  since: '2026-01-02T03:04:05.678Z',
  owner: {
    host: 'host',
    pid: 9,
    boot: '0123456789ab',
    pidNamespace: '4026531836',
    startTicks: '77',
  },
};

export const manifest: CheckpointManifest = {
  formatVersion: 1,
  committedSteps: 120,
  jobDigest: digestOf('a'),
  datasetDigest: digestOf('b'),
  weightsSha256: digestOf('c'),
  trains: { item: { kind: 'lora', rank: 4, alpha: 8, targets: [] }, user: { kind: 'all' } },
  best: { ...best },
  files: {
    'model.safetensors': { bytes: 344, sha256: digestOf('d') },
    'optimizer.safetensors': { bytes: 712, sha256: digestOf('e') },
  },
};
