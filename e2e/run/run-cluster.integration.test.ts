/** The control plane with real processes and a real nats-server, around a training thread that computes nothing. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openNatsBus } from '../../bus/nats-bus.js';
import {
  type ClusterOptions,
  type ProcessNote,
  runCluster,
} from '../../cli/cluster/run-cluster.js';
import type { ClusterEnd } from '../../cli/cluster/run-end.js';
import { startLocalNatsServer } from '../../process/nats/local-nats-server.js';
import { findNatsServer } from '../../process/nats/project-nats-server.js';
import { wholeJobDigest } from '../../shared/job-spec/job-digest.js';
import { resolveJob } from '../../shared/job-spec/job-spec.js';
import type { LogEntry } from '../../shared/messages/cluster/log-entry.js';
import type { RunEvent } from '../../shared/messages/run-events.js';
import { smallDataset } from './small-run/small-dataset.js';
import { heldEntries, holdFile, longJob, newRun } from './small-run/small-run.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-run-'));
const dataset = join(folder, 'dataset');
after(() => rmSync(folder, { recursive: true, force: true }));

interface Options {
  readonly name: string;
  readonly workers: number;
  readonly coordinators?: number;
  readonly steps: number;
  readonly resume?: string;
  readonly natsUrl?: string;
  /** Holds every member before its last step, so that what is done to the run comes in time. */
  readonly hold?: boolean;
  readonly onCommitted?: (steps: number, run: ReturnType<typeof runCluster>) => void;
  readonly onEvent?: (event: RunEvent) => void;
  readonly onEntry?: (entry: LogEntry) => void;
}

const hasPromtool = spawnSync('promtool', ['--version']).error === undefined;

/** What Prometheus' linter has against a reading; Debian: prometheus. */
const promtoolFinds = (metrics: string): string =>
  spawnSync('promtool', ['check', 'metrics'], { input: metrics, encoding: 'utf8' }).stderr;

/** Starts a run; what it announced is kept for the test. */
function start(given: Options) {
  const { name, workers, steps, resume, hold, natsUrl, onCommitted } = given;
  const processes = new Map<string, ProcessNote>();
  const events: RunEvent[] = [];
  const output = join(folder, name);
  const jobFile = join(folder, `${name}.json`);
  const job = longJob({ dataset, steps, workers });
  writeFileSync(jobFile, JSON.stringify(job));
  if (hold) writeFileSync(holdFile(output), '');
  else rmSync(holdFile(output), { force: true });
  const options: ClusterOptions = {
    jobFile,
    run: newRun(),
    jobDigest: wholeJobDigest(resolveJob(job)),
    claim: null,
    datasetDirectory: dataset,
    output,
    checkpoints: join(output, 'checkpoints'),
    workers,
    coordinators: given.coordinators ?? 1,
    natsUrl: natsUrl ?? null,
    metricsPort: null,
    resume: resume ?? null,
    evaluateOnly: false,
    onEvent: (event) => {
      events.push(event);
      given.onEvent?.(event);
      if (event.kind === 'committed') onCommitted?.(event.report.step + 1, run);
    },
    onProcess: (note) => processes.set(note.name, note),
    onEntry: (entry) => given.onEntry?.(entry),
    entries: heldEntries,
  };
  const run = runCluster(options);
  return { run, processes, events, output, letGo: () => rmSync(holdFile(output)) };
}

function weightsOf(end: ClusterEnd): string {
  assert.equal(end.kind, 'finished', JSON.stringify(end));
  return end.kind === 'finished' ? end.result.weightsSha256 : '';
}

function assertEveryStepOnce(events: readonly RunEvent[], steps: number): void {
  const committed = events.flatMap((event) =>
    event.kind === 'committed' ? [event.report.step] : [],
  );
  assert.deepEqual(
    committed,
    Array.from({ length: steps }, (_, index) => index),
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function assertAllGone(processes: ReadonlyMap<string, ProcessNote>, output: string): void {
  for (const { name, pid } of processes.values()) assert.equal(isAlive(pid), false, name);
  assert.deepEqual(
    readdirSync(output).filter((entry) => entry.startsWith('.nats')),
    [],
  );
}

const pidOf = (processes: ReadonlyMap<string, ProcessNote>, name: string): number =>
  processes.get(name)?.pid ?? assert.fail(`${name} has not been started`);

/** What the job comes to with one worker whom nobody disturbs. */
let undisturbed = '';
before(async () => {
  await smallDataset(dataset);
  undisturbed = weightsOf(await start({ name: 'undisturbed', workers: 1, steps: 40 }).run.end);
});

// Would catch plans that are lost, repeated or misread on their way through the server, and members
// that disagree: all of them change the weights of one of the runs.
test('two and three workers end with the weights of one', async () => {
  for (const workers of [2, 3]) {
    const { run, processes, events, output } = start({ name: `by-${workers}`, workers, steps: 40 });
    assert.equal(weightsOf(await run.end), undisturbed);
    assertEveryStepOnce(events, 40);
    assertAllGone(processes, output);
  }
});

// Would catch a lost process that ends the run, is waited for, leaves orphans, or costs a step that was
// committed; and one that comes back and counts something twice.
for (const victim of ['worker-1', 'coordinator', 'nats-server']) {
  test(`a killed ${victim} is started again, and the run goes on to the same weights`, async () => {
    const { run, processes, events, output, letGo } = start({
      name: `kill-${victim}`,
      workers: 2,
      steps: 40,
      hold: true,
      onCommitted: (steps) => {
        if (steps === 15) process.kill(pidOf(processes, victim), 'SIGKILL');
        if (steps === 39) letGo();
      },
    });
    const first = await untilStarted(processes, victim);
    assert.equal(weightsOf(await run.end), undisturbed);
    assert.notEqual(pidOf(processes, victim), first);
    assertEveryStepOnce(events, 40);
    assertAllGone(processes, output);
  });
}

async function untilStarted(
  processes: ReadonlyMap<string, ProcessNote>,
  name: string,
): Promise<number> {
  while (!processes.has(name)) await new Promise((resolve) => setImmediate(resolve));
  return pidOf(processes, name);
}

// Would catch a worker that hangs and holds up the others for ever, and one that wakes up and goes on
// as the member that it was.
test('a frozen worker is left out, and joins again when it wakes up', async () => {
  const { run, processes, events, letGo } = start({
    name: 'frozen',
    workers: 2,
    steps: 40,
    hold: true,
    onCommitted: (steps) => {
      if (steps === 15) process.kill(pidOf(processes, 'worker-1'), 'SIGSTOP');
    },
    onEvent: (event) => {
      if (event.kind !== 'generation') return;
      if (event.members.length === 1) process.kill(pidOf(processes, 'worker-1'), 'SIGCONT');
      else letGo();
    },
  });
  assert.equal(weightsOf(await run.end), undisturbed);
  assertEveryStepOnce(events, 40);
});

// Would catch a standby that waits for a word of the one that is gone, and one that begins anew.
test('a standby takes over from a killed coordinator', async () => {
  let leader = '';
  const { run, processes, events, letGo } = start({
    name: 'standby',
    onEntry: ({ entry }) => {
      if (entry.kind === 'led') leader = entry.coordinator.split(',')[0] as string;
    },
    workers: 2,
    coordinators: 2,
    steps: 40,
    hold: true,
    onCommitted: (steps) => {
      if (steps === 15) process.kill(pidOf(processes, leader), 'SIGKILL');
      if (steps === 39) letGo();
    },
  });
  assert.equal(weightsOf(await run.end), undisturbed);
  assertEveryStepOnce(events, 40);
});

// Would catch a drain that aborts the step, or that counts as a loss and is mended.
test('a worker that is told to end hands over at the end of a step', async () => {
  const { run, processes, events, letGo } = start({
    name: 'drained',
    workers: 2,
    steps: 40,
    hold: true,
    onCommitted: (steps) => {
      if (steps === 15) process.kill(pidOf(processes, 'worker-1'), 'SIGTERM');
      if (steps === 39) letGo();
    },
  });
  assert.equal(weightsOf(await run.end), undisturbed);
  assertEveryStepOnce(events, 40);
  const changes = events.filter((event) => event.kind === 'generation');
  assert.deepEqual(
    changes.map(({ members, planned }) => ({ members: [...members], planned })),
    [{ members: ['worker-0'], planned: true }],
  );
});

for (const [what, prefix] of [
  ['plans', 'lockstep-plan-'],
  ['log', 'lockstep-log-'],
] as const) {
  // Would catch a stream that a stranger removes and a run that stands still for ever.
  test(`a run whose ${what} a stranger removes ends, and says so`, async () => {
    const server = await startLocalNatsServer({
      binary: findNatsServer(),
      directory: join(folder, `stranger-${what}-nats`),
      logFile: join(folder, `stranger-${what}-nats.log`),
    });
    const bus = await openNatsBus({ url: server.url, name: 'stranger' });
    const { run, processes, output } = start({
      name: `stranger-${what}`,
      workers: 1,
      steps: 10_000,
      natsUrl: server.url,
      onCommitted: async (steps) => {
        if (steps !== 15) return;
        const { streams } = await bus.names();
        const removed = streams.find((name) => name.startsWith(prefix)) as string;
        await (await bus.openStream(removed)).remove();
      },
    });
    try {
      const end = await run.end;
      assert.equal(end.kind, 'failed', JSON.stringify(end));
      if (end.kind !== 'failed') return;
      assert.deepEqual([end.cause.code, end.cause.remedy], ['BUS_REFUSED', 'resume']);
      assert.match(
        end.cause.message,
        new RegExp(`${prefix}\\S+.* is gone: someone else removed it`),
      );
      assertAllGone(processes, output);
    } finally {
      await bus.close();
      await server.stop();
    }
  });
}

// Would catch a stop that loses the step or forgets the checkpoint.
test('a stop finishes the step, leaves a checkpoint and says so', async () => {
  const { run, processes, output } = start({
    name: 'stop',
    workers: 1,
    steps: 10_000,
    onCommitted: (steps, running) => {
      if (steps === 5) running.stop();
    },
  });
  const end = await run.end;
  assert.equal(end.kind === 'finished' && end.result.stopped, true, JSON.stringify(end));
  if (end.kind !== 'finished') return;
  assert.ok(end.result.committedSteps >= 5 && end.result.committedSteps < 100);
  assert.ok(end.result.checkpoint !== null && existsSync(end.result.checkpoint));
  assertAllGone(processes, output);
});

// Would catch a second Ctrl-C that waits for anything.
test('stopping at once leaves no process and no folder of nats-server', async () => {
  const { run, processes, output } = start({
    name: 'at-once',
    workers: 2,
    steps: 10_000,
    onCommitted: (steps, running) => {
      if (steps === 3) running.stopAtOnce();
    },
  });
  assert.equal((await run.end).kind, 'interrupted');
  assertAllGone(processes, output);
});

// Would catch metrics that are registered and never set, and ports that are not told.
test('coordinator and workers serve what they have counted', async () => {
  let scraped: Promise<string[]> = Promise.resolve([]);
  const { run, processes } = start({
    name: 'metrics',
    workers: 2,
    steps: 10_000,
    onCommitted: (steps, running) => {
      if (steps !== 20) return;
      scraped = Promise.all(
        ['coordinator', 'worker-1'].map(async (name) => {
          const port = processes.get(name)?.metricsPort;
          assert.equal(await (await fetch(`http://127.0.0.1:${port}/healthz`)).text(), 'ok');
          return (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
        }),
      ).finally(() => running.stop());
    },
  });
  await run.end;
  const [coordinator = '', worker = ''] = await scraped;
  assert.match(coordinator, /^lockstep_committed_steps\{training_job="small"\} \d{2,}$/m);
  assert.match(coordinator, /^lockstep_users_total\{training_job="small"\} \d{2,}$/m);
  assert.match(
    worker,
    /^lockstep_worker_link_sent_bytes_total\{kind="\w+",training_job="small",worker="worker-1"\} \d+$/m,
  );
  assert.match(worker, /^lockstep_worker_step_phase_seconds_total\{phase="reduce",.*\} [\d.]+$/m);
  assert.match(worker, /^lockstep_worker_steps_total\{.*\} \d{2,}$/m);
  const lanes = [...coordinator.matchAll(/^lockstep_worker_lanes\{worker="\S+",.*\} (\d+)$/gm)];
  assert.equal(lanes.length, 2);
  for (const metrics of [coordinator, worker]) {
    assert.match(metrics, /^lockstep_build_info\{version="\d.*",node="\d.*",engine="cpu",.*\} 1$/m);
    assert.match(metrics, /^process_resident_memory_bytes\{.*\} \d{7,}$/m);
    assert.match(metrics, /^process_cpu_seconds_total\{.*\} [0-9.]+$/m);
    if (hasPromtool) assert.equal(promtoolFinds(metrics), '');
    assert.match(metrics, /^nodejs_eventloop_lag_max_seconds\{.*\} [0-9.e-]+$/m);
  }
});

// Would catch logs that nobody can read after a failure.
test('every process writes a log of JSON lines', async () => {
  const { run, output } = start({ name: 'logs', workers: 1, steps: 2 });
  await run.end;
  for (const name of ['coordinator', 'worker-0']) {
    const lines = readFileSync(join(output, 'logs', `${name}.log`), 'utf8')
      .trim()
      .split('\n');
    assert.ok(lines.length >= 2);
    for (const line of lines) assert.equal(JSON.parse(line).process, name);
  }
});
