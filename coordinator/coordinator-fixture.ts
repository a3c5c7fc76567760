/** For tests: a coordinator over a bus in memory, with a clock that the test turns. */

import { AwakeClock } from '../shared/awake-clock.js';
import { MemoryHub } from '../shared/bus-memory.js';
import { jobId, lane, runId, step, type WorkerId, workerId } from '../shared/ids.js';
import { nothingTrained } from '../shared/ledger/ledger-record-fixture.js';
import { longestTick } from '../shared/limits.js';
import { silentLog } from '../shared/log.js';
import {
  decodeFromCoordinator,
  encodeFromWorker,
  type FromCoordinator,
  type FromWorker,
} from '../shared/messages/messages.js';
import type { ReportedStep } from '../shared/messages/report-fields.js';
import type { RunEvent } from '../shared/messages/run-events.js';
import { encodeStepPlan } from '../shared/messages/step-plan-message.js';
import {
  coordinatorSubject,
  everyPlanSubject,
  planStream,
  workerSubject,
} from '../shared/subjects.js';
import { millis } from '../shared/units.js';
import { Coordinator } from './coordinator.js';
import type { CoordinatorParts, Prepared } from './coordinator-parts.js';
import { CoordinatorMetrics } from './metrics.js';
import { FilesPublisher } from './plans/files-publisher.js';
import type { PlannedStep, PlanSource } from './plans/plan-source.js';

export const run = { job: jobId('test'), run: runId('t0123456789abcdef') };
export const a = workerId('worker-0');
export const b = workerId('worker-1');

/** Lets everything that is queued on the bus arrive. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function emptyPlan(at: number, lanes = 2): PlannedStep {
  const encoded = encodeStepPlan(
    {
      step: step(at),
      lanes,
      itemLaneOffsets: new Int32Array(lanes + 1),
      negatives: new Int32Array(),
    },
    Array.from({ length: lanes }, (_, of) => ({
      step: step(at),
      lane: lane(of),
      lanes,
      items: new Int32Array(),
      users: new Int32Array(),
      sequenceOffsets: new Int32Array(1),
      sequenceRows: new Int32Array(),
      lossScale: 0,
      targets: null,
    })),
  );
  const users = { epoch: 0, lanes: Array.from({ length: lanes }, () => new Int32Array()) };
  return { ...encoded, users };
}

export const emptyPlans: PlanSource = {
  plan: async (at) => emptyPlan(at),
  close: async () => undefined,
};

export const report = (at: number, loss = 0.5): ReportedStep => ({
  step: at,
  loss,
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
  phaseSeconds: {},
  waitSeconds: 0,
  ...nothingTrained(),
});

export const committed = (
  at: number,
  loss?: number,
  changes: Partial<ReportedStep> = {},
): FromWorker => ({
  kind: 'committed',
  report: { ...report(at, loss), ...changes },
  planSha256: emptyPlan(at).shared.sha256,
});

/** `asleep` counts no time in which the coordinator does not look at its clock, as its process does. */
export async function openCoordinator(
  changes: Partial<CoordinatorParts & Prepared> = {},
  asleep: boolean = false,
) {
  const hub = new MemoryHub();
  const [bus, workers] = [hub.open(), hub.open()];
  let now = 0;
  const clock = { now: () => millis(now) };
  const events: RunEvent[] = [];
  const said: FromCoordinator[] = [];
  const metrics = new CoordinatorMetrics(run.job);
  workers.subscribe(coordinatorSubject(run), (data) => said.push(decodeFromCoordinator(data)));
  const coordinator = new Coordinator({
    bus,
    run,
    metrics,
    clock: asleep ? new AwakeClock(clock, longestTick) : clock,
    wallClock: () => '2026-01-02T03:04:05.678Z',
    log: silentLog,
    spec: { any: 'job' },
    filesPublisher: new FilesPublisher({ bus, run, onFile: () => undefined }),
    emit: (event) => events.push(event),
    replicas: 2,
    linksToken: 'x'.repeat(32),
    checkpointDirectory: '/c',
    checkpointRequired: false,
    evaluate: false,
    prepared: Promise.resolve({
      dataset: { directory: '/d', digest: 'd' },
      totalSteps: 20,
      plans: emptyPlans,
      ...changes,
    }),
    ...changes,
  });
  await coordinator.start();
  const say = async (worker: WorkerId, message: FromWorker): Promise<void> => {
    workers.publish(workerSubject(run, worker), encodeFromWorker(message));
    await settle();
  };
  /** Time in which the coordinator does not look at its clock. */
  const pass = (milliseconds: number): void => {
    now += milliseconds;
  };
  const wait = async (milliseconds: number): Promise<void> => {
    now += milliseconds;
    coordinator.tick();
    await settle();
  };
  /** Steps whose plans are in the stream now. */
  const stored = async (): Promise<number[]> => {
    const found = new Set<number>();
    const stream = await workers.openStream(planStream(run));
    const reader = await stream.read([everyPlanSubject(run)], (_, subject) =>
      found.add(Number(subject.split('.').at(-2))),
    );
    await settle();
    reader.close();
    return [...found].sort((x, y) => x - y);
  };
  return { hub, workers, coordinator, metrics, events, said, say, pass, wait, stored };
}

export const join: FromWorker = {
  kind: 'join',
  address: '127.0.0.1:1',
  pid: 1,
  host: 'h',
  checkpoint: null,
};

export type Opened = Awaited<ReturnType<typeof openCoordinator>>;

/** Both workers join and become ready. */
export async function train(opened: Opened): Promise<void> {
  await opened.say(b, join);
  await opened.say(a, join);
  await opened.wait(500);
  await opened.say(a, { kind: 'ready', step: 0 });
  await opened.say(b, { kind: 'ready', step: 0 });
}
