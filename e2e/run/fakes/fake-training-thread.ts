/**
 * A training thread whose weights are a hash chain over the plans' negatives, which every member
 * has: like the real one, any lost, repeated or foreign plan changes its result.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { generation, type Lane, step as stepOf } from '../../../shared/ids.js';
import { usersDigest } from '../../../shared/ledger/lane-users.js';
import { lanesOf, sharesOf } from '../../../shared/plan/lane-ownership.js';
import type { LanePlan } from '../../../shared/plan/lane-plan.js';
import type {
  Entry,
  Fact,
  FromTraining,
  StateSource,
  ToTraining,
  TrainingStart,
} from '../../../worker/training/messages.js';
import { RecentSteps } from '../../../worker/training/saving/recent-steps.js';
import { readFakeCheckpoint, writeFakeCheckpoint } from './fake-checkpoints.js';
import { fakeLanes, fakeUsers, holdFile } from './fake-job.js';

const start = workerData as TrainingStart;
const { spec } = start.job;
const hold = holdFile(dirname(start.checkpointDirectory));
const stepMs = 20;

const tell = (message: FromTraining): void => parentPort?.postMessage(message);
const tellFact = (fact: Fact): void =>
  tell({ ...fact, generation: entry?.generation ?? generation(0) });
const hash = (text: string, data: Int32Array): string =>
  createHash('sha256').update(text).update(data).digest('hex');

let weights = '';
let committed = 0;
let entry: Entry | null = null;
let mine: readonly Lane[] = [];
const recent = new RecentSteps(start.checkpointDirectory);
let stopWanted = false;
let loss: number | null = null;
const plans = new Map<string, LanePlan>();

parentPort?.on('message', (message: ToTraining) => {
  switch (message.kind) {
    case 'plan':
      plans.set(`${message.plan.step}/${message.plan.lane}`, message.plan);
      break;
    case 'load':
      load(message.from);
      break;
    case 'enter':
      entry = message;
      mine = lanesOf(sharesOf(message.shares).run(message.rank));
      tell({
        kind: 'entered',
        generation: message.generation,
        position: { committedSteps: committed, collapses: 0, settled: true },
      });
      work();
      break;
    case 'stop':
      stopWanted = true;
      break;
    case 'end':
      process.exit(0);
  }
});

function load(from: StateSource): void {
  const isSeed = from.kind === 'seed';
  weights = isSeed ? hash(`seed ${spec.seed}`, new Int32Array()) : readFakeCheckpoint(from.path);
  committed = isSeed ? 0 : Number(/step-(\d+)$/.exec(from.path)?.[1]);
}

const planOf = (lane: Lane): LanePlan | undefined => plans.get(`${committed}/${lane}`);

function checkpoint(): string | null {
  if (entry?.writes !== true) return null;
  recent.write();
  const path = writeFakeCheckpoint(start.checkpointDirectory, committed, weights);
  tellFact({ kind: 'checkpointed', committedSteps: committed, path, seconds: 0.001 });
  return path;
}

function finish(stopped: boolean): void {
  const values = { 'recall@10': 0.5 };
  if (!stopped) {
    tellFact({
      kind: 'evaluated',
      committedSteps: committed,
      results: [
        {
          split: 'test',
          model: 'hllm',
          users: 1,
          tooShort: 0,
          repeats: 0,
          tied: 0,
          items: 20,
          values,
        },
      ],
    });
  }
  const path = checkpoint();
  tellFact({
    kind: 'finished',
    committedSteps: committed,
    finalLoss: loss,
    weightsSha256: weights,
    stopped,
    endedEarly: false,
    stage: null,
    best: null,
    checkpoint: path,
  });
}

function commit(): void {
  const owned = mine.map((lane) => planOf(lane) as LanePlan);
  weights = hash(weights, owned[0]?.negatives ?? new Int32Array());
  loss = 4 / (committed + 1);
  const report = {
    step: stepOf(committed),
    loss,
    sequences: spec.lanes,
    itemTokens: 10,
    distinctItems: 2 * spec.lanes,
    measures: {
      predictions: spec.lanes,
      top1: 0.5,
      live_negatives: 3,
      least_live_negatives: 2,
      logit_scale: 2,
    },
    stage: null,
    itemCosine: 0.25,
    gradientNorm: 1,
    learningRate: 0.001,
    phaseSeconds: {
      plan: 0,
      encode: 0,
      gather: 0,
      users: 0,
      scatter: 0,
      items: 0,
      reduce: 0,
      optimizer: 0,
    },
    waitSeconds: 0,
    lanes: Array.from({ length: fakeLanes }, (_, lane) => ({
      users: fakeUsers(lane).length,
      digest: usersDigest(fakeUsers(lane)),
    })),
    stateHash: { from: 0, to: weights.length / 2, value: weights.slice(0, 16) },
  };
  for (const lane of mine) plans.delete(`${committed}/${lane}`);
  committed++;
  recent.add(report, stepMs / 1000, new Date().toISOString());
  tellFact({ kind: 'committed', report });
}

function work(): void {
  if (committed >= start.totalSteps || stopWanted) {
    finish(committed < start.totalSteps);
    return;
  }
  const held = committed === start.totalSteps - 1 && existsSync(hold);
  if (!held && mine.every((lane) => planOf(lane) !== undefined)) {
    commit();
    if (committed % spec.checkpoint.everySteps === 0 && committed < start.totalSteps) checkpoint();
  }
  setTimeout(work, stepMs);
}

tell({ kind: 'opened' });
