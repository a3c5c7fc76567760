/** For tests: a coordinator over a bus in memory, with a clock that the test turns. */

import { AwakeClock } from '../shared/awake-clock.js';
import { MemoryHub } from '../shared/bus-memory.js';
import { type WorkerId, workerId } from '../shared/ids.js';
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
import { emptyPlan, emptyPlans, report, run, settle } from './run-fixture.js';

export const a = workerId('worker-0');
export const b = workerId('worker-1');

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
