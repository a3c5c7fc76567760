/** The main thread over a bus in memory, with a clock that the test turns and a thread that it plays. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import { digestIfWeights } from '../../pretrained/weight-files.js';
import { MemoryHub } from '../../shared/bus-memory.js';
import { exitCodes } from '../../shared/exit-codes.js';
import { generation, jobId, lane, runId, step, workerId } from '../../shared/ids.js';
import { wholeJobDigest } from '../../shared/job-spec/job-digest.js';
import { resolveJob } from '../../shared/job-spec/job-spec.js';
import { nothingTrained } from '../../shared/ledger/ledger-record-fixture.js';
import { silentLog } from '../../shared/log.js';
import {
  decodeFromWorker,
  encodeFromCoordinator,
  type FromCoordinator,
  type FromWorker,
} from '../../shared/messages/messages.js';
import { splitMessage } from '../../shared/messages/parts.js';
import type { RunEvent } from '../../shared/messages/run-events.js';
import {
  type EncodedPart,
  type EncodedPlan,
  encodeStepPlan,
} from '../../shared/messages/step-plan-message.js';
import { projectRoot } from '../../shared/project-root.js';
import {
  coordinatorSubject,
  everyPlanSubject,
  everyWorkerSubject,
  type PlanPart,
  planStream,
  planSubject,
} from '../../shared/subjects.js';
import { millis } from '../../shared/units.js';
import { WorkerMetrics } from '../metrics.js';
import { type Phase, phases, type ToTraining, type TrainingStart } from '../training/messages.js';
import type { TrainingThreadHandlers } from './training-thread.js';
import { WorkerControl } from './worker-control.js';

const run = { job: jobId('test'), run: runId('t0123456789abcdef') };
const me = workerId('worker-1');

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const membership: FromCoordinator = {
  kind: 'membership',
  generation: 0,
  members: [
    { worker: 'worker-0', address: 'h:1' },
    { worker: me, address: 'h:2' },
  ],
  linksToken: 'x'.repeat(32),
  job: {
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'test' },
    spec: { data: { path: 'd' }, lanes: 4 },
  },
  dataset: { directory: '/d', digest: 'digest' },
  checkpointDirectory: '/c',
  resumeFrom: null,
  totalSteps: 20,
  evaluate: false,
};

function planOf(at: number, negative = 0, lanes = 4): EncodedPlan {
  return encodeStepPlan(
    {
      step: step(at),
      lanes,
      itemLaneOffsets: Int32Array.from({ length: lanes + 1 }, (_, of) => of),
      negatives: Int32Array.of(negative),
    },
    Array.from({ length: lanes }, (_, of) => ({
      step: step(at),
      lane: lane(of),
      lanes,
      items: Int32Array.of(negative),
      users: new Int32Array(),
      sequenceOffsets: new Int32Array(1),
      sequenceRows: new Int32Array(),
      lossScale: 0,
      targets: null,
    })),
  );
}

const report = {
  step: step(0),
  loss: 1,
  sequences: 1,
  itemTokens: 1,
  distinctItems: 1,
  measures: {
    predictions: 1,
    top1: 0,
    live_negatives: 1,
    least_live_negatives: 1,
    logit_scale: 1,
  },
  stage: null,
  itemCosine: 0.25,
  gradientNorm: 1,
  learningRate: 1,
  waitSeconds: 0,
  ...nothingTrained(4),
};

async function open(jobDigest: string | null = null) {
  const hub = new MemoryHub();
  const coordinator = hub.open();
  const stream = await coordinator.createStream(planStream(run), everyPlanSubject(run));
  let now = 0;
  const heard: FromWorker[] = [];
  const events: RunEvent[] = [];
  const posted: ToTraining[] = [];
  let messages = 0;
  let started: TrainingStart | null = null;
  let handlers: TrainingThreadHandlers | null = null;
  coordinator.subscribe(everyWorkerSubject(run), (data) => heard.push(decodeFromWorker(data)));
  const metrics = new WorkerMetrics(run.job, me, async () => ({ sent: {}, received: {} }));
  const control = new WorkerControl({
    bus: hub.open(),
    clock: { now: () => millis(now) },
    log: silentLog,
    metrics,
    run,
    jobDigest,
    worker: me,
    cacheDirectory: '/cache',
    digestOf: async () => 'digest',
    checkpoint: null,
    emit: (event) => events.push(event),
    links: { address: 'h:2', connect: async () => new MessageChannel().port1 },
    startTraining: (start, given) => {
      started = start;
      handlers = given;
      return {
        post: (message) => posted.push(message),
        abort: () => undefined,
        busyFor: () => null,
        terminate: async () => true,
      };
    },
  });
  const store = async (at: number, part: PlanPart, piece: Uint8Array | undefined) => {
    const data = piece ?? assert.fail('no such piece');
    await stream.publish(planSubject(run, step(at), part), data, String(messages++));
    await settle();
  };
  await control.start();
  await settle();
  return {
    hub,
    control,
    metrics,
    heard,
    events,
    posted,
    started: (): TrainingStart | null => started,
    thread: (): TrainingThreadHandlers => handlers ?? assert.fail('no training thread was started'),
    say: async (message: FromCoordinator): Promise<void> => {
      coordinator.publish(coordinatorSubject(run), encodeFromCoordinator(message));
      await settle();
      await settle();
    },
    wait: async (milliseconds: number): Promise<void> => {
      now += milliseconds;
      control.tick();
      await settle();
    },
    /** What depends on files takes turns of the event loop that nobody counts. */
    until: async (isSo: () => boolean): Promise<void> => {
      while (!isSo()) await settle();
    },
    store,
    /** Stores parts of a plan under the name of `at`: the shared one, and the given lanes. */
    publish: async (at: number, plan: EncodedPlan, ...lanes: number[]) => {
      const parts: [PlanPart, EncodedPart | undefined][] = [
        ['shared', plan.shared],
        ...lanes.map((of): [PlanPart, EncodedPart | undefined] => [lane(of), plan.lanes[of]]),
      ];
      for (const [part, encoded] of parts) {
        const [piece] = splitMessage(encoded?.bytes ?? assert.fail('no such lane'), 10_000);
        await store(at, part, piece);
      }
      await settle();
    },
  };
}

// Would catch a join that is lost because the coordinator started later, and a wrong rank.
test('joins again and again until a membership names it, then trains in its place', async () => {
  const worker = await open();
  await worker.wait(500);
  assert.deepEqual(
    worker.heard.map(({ kind }) => kind),
    ['join', 'join'],
  );
  await worker.say({ ...membership, members: [{ worker: 'other', address: 'h:9' }] });
  assert.equal(worker.started(), null);
  await worker.say(membership);
  const entry = worker.posted.find((message) => message.kind === 'enter');
  assert.ok(entry?.kind === 'enter');
  assert.deepEqual([entry.rank, entry.shares, entry.writes], [1, [2, 2], false]);
  await worker.wait(500);
  assert.equal(worker.heard.at(-1)?.kind, 'heartbeat');
});

// Would catch plans of foreign lanes, and a plan that is trained in another place than it came for.
test('hands over the plans of its own lanes and refuses those that lie about their place', async () => {
  const worker = await open();
  await worker.say(membership);
  await worker.publish(0, planOf(0), 0, 1, 2, 3);
  await worker.publish(1, planOf(9), 3);
  await worker.publish(2, planOf(2, 0, 5), 3);
  const plans = worker.posted.flatMap((message) => (message.kind === 'plan' ? [message.plan] : []));
  assert.deepEqual(
    plans.map((plan) => [plan.step, plan.lane]),
    [
      [0, 2],
      [0, 3],
    ],
  );
  const refused = (await worker.metrics.refused.get()).values;
  assert.deepEqual(
    refused.map(({ labels, value }) => [labels.reason, value]),
    [['subject', 4]],
  );
});

// Would catch members that train on plans which disagree, and then wait for each other for ever.
test('a plan whose parts disagree ends training with step, lane and difference', async () => {
  const worker = await open();
  await worker.say(membership);
  await worker.publish(0, { shared: planOf(0).shared, lanes: planOf(0, 1).lanes }, 2);
  const last = worker.heard.at(-1);
  assert.equal(last?.kind === 'failed' ? last.code : null, 'PLAN_MISMATCH');
  assert.match(
    last?.kind === 'failed' ? last.message : '',
    /step 0: the plan of lane 2 has SHA-256/,
  );
});

// Would catch a stranger's part of a plan after which the real ones fit no more: the member would wait for
// its plan for ever.
test('parts of two messages in the place of one plan end training', async () => {
  const worker = await open();
  await worker.say(membership);
  await worker.store(0, 'shared', splitMessage(new Uint8Array(500), 300)[0]);
  await worker.publish(0, planOf(0), 2);
  const last = worker.heard.at(-1);
  assert.equal(last?.kind === 'failed' ? last.code : null, 'PLAN_MISMATCH');
  assert.match(
    last?.kind === 'failed' ? last.message : '',
    /two senders publish on ".*plan\.0\.shared"/,
  );
});

// Would catch a member whose report does not tell what it trained on.
test('a report of a step carries the digest of its plan', async () => {
  const worker = await open();
  await worker.say(membership);
  await worker.publish(0, planOf(0, 3), 2, 3);
  const phaseSeconds = Object.fromEntries(phases.map((phase) => [phase, 0]));
  worker.thread().onMessage({
    kind: 'committed',
    generation: generation(0),
    report: { ...report, phaseSeconds: phaseSeconds as Record<Phase, number> },
  });
  await settle();
  const last = worker.heard.at(-1);
  assert.equal(last?.kind === 'committed' ? last.planSha256 : null, planOf(0, 3).shared.sha256);
});

// Would catch training that goes on for ever without a coordinator.
test('a coordinator that was heard and falls silent is lost after three seconds', async () => {
  const worker = await open();
  await worker.wait(60_000);
  await worker.say({ kind: 'heartbeat', committedSteps: 0 });
  await worker.wait(2900);
  await worker.say({ kind: 'heartbeat', committedSteps: 0 });
  await worker.wait(2900);
  assert.equal(worker.control.unhealthy, null);
  await worker.wait(200);
  assert.equal((await worker.control.end).code, exitCodes.lost);
  const [event] = worker.events;
  assert.equal(event?.kind === 'failed' ? event.code : null, 'COORDINATOR_LOST');
});

// Would catch a worker without a server that trains on, and one that hangs.
test('a lost bus ends the worker', async () => {
  const worker = await open();
  worker.hub.fail();
  assert.equal((await worker.control.end).code, exitCodes.lost);
});

// Would catch an error of training that nobody hears of, or an exit before it could be sent.
test('a failure of training is reported, and ends the worker with its own code', async () => {
  const worker = await open();
  await worker.say(membership);
  worker.thread().onMessage({
    kind: 'failed',
    code: 'NON_FINITE',
    message: 'the loss is NaN',
    stack: '',
    committedSteps: 7,
  });
  await settle();
  const last = worker.heard.at(-1);
  assert.equal(last?.kind === 'failed' ? last.code : null, 'NON_FINITE');
  await worker.say({ kind: 'abort', reason: 'worker-1 failed' });
  assert.deepEqual(await worker.control.end, {
    code: exitCodes.training,
    reason: 'the loss is NaN',
  });
});

// Would catch weights of another digest that are trained from because they lie in the right place, a wish
// that does not say which files it means, and weights that are looked for where a checkpoint holds them.
test('pretrained weights are found by their digest, or asked for', async () => {
  const path = fileURLToPath(new URL('pretrained/golden/qwen2', projectRoot));
  const sha256 = (await digestIfWeights(path)) ?? assert.fail('no weights there');
  const job = (digest: string) => ({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'test' },
    spec: {
      data: { path: 'd' },
      lanes: 4,
      model: { user: { pretrained: { path, sha256: digest } } },
    },
  });
  const here = await open();
  await here.say({ ...membership, job: job(sha256) } as FromCoordinator);
  await here.until(() => here.started() !== null);
  assert.deepEqual(here.started()?.pretrained, { item: null, user: path });
  const elsewhere = await open();
  await elsewhere.say({ ...membership, job: job('f'.repeat(64)) } as FromCoordinator);
  await elsewhere.until(() => elsewhere.heard.some(({ kind }) => kind === 'files-wanted'));
  assert.deepEqual(elsewhere.heard.at(-1), { kind: 'files-wanted', digest: 'f'.repeat(64) });
  const resumed = await open();
  const checkpointed = { ...membership, job: job('f'.repeat(64)), resumeFrom: '/c/step-00000002' };
  await resumed.say(checkpointed as FromCoordinator);
  await resumed.until(() => resumed.started() !== null);
  assert.deepEqual(resumed.started()?.pretrained, { item: null, user: null });
});

// Would catch a warning of the training thread that nobody sees before it comes true.
test('a notice of training reaches whoever started the worker, and no coordinator', async () => {
  const worker = await open();
  await worker.say(membership);
  const said = worker.heard.length;
  const notice = { kind: 'notice', text: 'a step needs at least 3.0 GiB' } as const;
  worker.thread().onMessage({ ...notice, generation: generation(0) });
  await settle();
  assert.deepEqual(worker.events.at(-1), notice);
  assert.equal(worker.heard.length, said);
});

// Would catch a dead training thread behind a main thread that sends heartbeats for ever.
test('a thread that crashes is a failure', async () => {
  const worker = await open();
  await worker.say(membership);
  worker.thread().onCrash(new Error('out of memory'));
  await worker.wait(1000);
  assert.equal((await worker.control.end).code, exitCodes.training);
});

// Would catch a worker that leaves while others still need its links, or that never leaves.
test('a finished worker waits for the others, and for the word that all agree', async () => {
  const worker = await open();
  await worker.say(membership);
  worker.thread().onMessage({
    kind: 'finished',
    generation: generation(0),
    committedSteps: 20,
    finalLoss: 1,
    weightsSha256: 'ab'.repeat(32),
    stopped: true,
    endedEarly: false,
    stage: null,
    best: null,
    checkpoint: null,
  });
  worker.control.peerLost(new Error('a peer went home first'));
  await worker.wait(500);
  assert.equal(worker.heard.at(-1)?.kind, 'heartbeat');
  await worker.say({ kind: 'complete' });
  assert.equal((await worker.control.end).code, exitCodes.stopped);
});

// Would catch a stop that comes before the thread runs and is forgotten.
test('a stop reaches the training thread whenever it comes, and once', async () => {
  const worker = await open();
  worker.control.stop();
  await worker.say(membership);
  await worker.say({ kind: 'stop' });
  assert.equal(worker.posted.filter(({ kind }) => kind === 'stop').length, 1);
});

// Would catch a worker that trains another job than the one that the run was started with, because
// somebody wrote the coordinator's file in between.
test('a membership with another job than the run was started with is refused by its digest', async () => {
  const right = wholeJobDigest(resolveJob((membership as { job: unknown }).job));
  const trusting = await open(right);
  await trusting.say(membership);
  assert.equal(trusting.started()?.totalSteps, 20);
  const worker = await open('ab'.repeat(32));
  await worker.say(membership);
  assert.equal(worker.started(), null);
  assert.deepEqual(
    worker.events.map((event) => event.kind === 'failed' && event.code),
    ['JOB_MISMATCH'],
  );
});
