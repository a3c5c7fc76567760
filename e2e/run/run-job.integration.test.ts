/** The control plane with real processes and a real nats-server, around a training thread that computes nothing. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openNatsBus } from '../../bus/nats-bus.js';
import {
  type ProcessNote,
  type RunEntries,
  type RunJobOptions,
  runJob,
} from '../../cli/train/run-job.js';
import { startLocalNatsServer } from '../../process/nats/local-nats-server.js';
import { findNatsServer } from '../../process/nats/project-nats-server.js';
import { exitCodes } from '../../shared/exit-codes.js';
import type { RunEvent } from '../../shared/messages/run-events.js';
import { fakeDigest, fakeEntries, fakeJob, fakeRun, holdFile } from './fakes/fake-job.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-run-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Options {
  readonly name: string;
  readonly workers: number;
  readonly steps: number;
  readonly resume?: string;
  readonly natsUrl?: string;
  /** Holds every member before its last step, so that what is done to the run comes in time. */
  readonly hold?: boolean;
  readonly entries?: RunEntries;
  readonly onCommitted?: (steps: number, run: ReturnType<typeof runJob>) => void;
}

/** Starts a run; what it announced is kept for the test. */
function start(given: Options) {
  const { name, workers, steps, resume, hold, entries = fakeEntries, natsUrl, onCommitted } = given;
  const processes = new Map<string, ProcessNote>();
  const events: RunEvent[] = [];
  const output = join(folder, name);
  const jobFile = join(folder, `${name}.json`);
  writeFileSync(jobFile, JSON.stringify(fakeJob(steps)));
  if (hold) writeFileSync(holdFile(output), '');
  else rmSync(holdFile(output), { force: true });
  const options: RunJobOptions = {
    jobFile,
    run: fakeRun(),
    jobDigest: fakeDigest(steps),
    claim: null,
    datasetDirectory: folder,
    output,
    checkpoints: join(output, 'checkpoints'),
    workers,
    natsUrl: natsUrl ?? null,
    metricsPort: null,
    resume: resume ?? null,
    evaluateOnly: false,
    onEvent: (event) => {
      events.push(event);
      if (event.kind === 'committed') onCommitted?.(event.report.step + 1, run);
    },
    onProcess: (note) => processes.set(note.name, note),
    entries,
  };
  const run = runJob(options);
  return { run, processes, events, output };
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

// Would catch plans that are lost, repeated or misread on their way through the server, and members
// that disagree: all of them change the weights of one of the runs.
test('one, two and three workers end with the same weights', async () => {
  const digests: string[] = [];
  for (const workers of [1, 2, 3]) {
    const { run, processes, events, output } = start({
      name: `agree-${workers}`,
      workers,
      steps: 25,
    });
    const end = await run.end;
    assert.equal(end.kind, 'finished', JSON.stringify(end));
    if (end.kind !== 'finished') return;
    assert.equal(end.result.committedSteps, 25);
    assert.equal(end.result.finalLoss, 4 / 25);
    assert.equal(end.result.metrics[0]?.values['recall@10'], 0.5);
    assert.equal(events.filter(({ kind }) => kind === 'committed').length, 25);
    assertAllGone(processes, output);
    digests.push(end.result.weightsSha256);
  }
  assert.equal(new Set(digests).size, 1);
});

// Would catch a lost process that is waited for, blamed on another one, or leaves orphans; and a
// resumed run that starts at the wrong step.
for (const victim of ['worker-1', 'coordinator', 'nats-server']) {
  test(`a killed ${victim} ends the run, is named, and the run resumes to the same weights`, async () => {
    const undisturbed = await start({ name: `calm-${victim}`, workers: 2, steps: 40 }).run.end;
    const { run, processes, output } = start({
      name: `kill-${victim}`,
      workers: 2,
      steps: 40,
      hold: true,
      onCommitted: (steps) => {
        if (steps === 25) process.kill(pidOf(processes, victim), 'SIGKILL');
      },
    });
    const end = await run.end;
    assert.equal(end.kind, 'failed', JSON.stringify(end));
    if (end.kind !== 'failed' || undisturbed.kind !== 'finished') return;
    assert.equal(end.cause.exitCode, exitCodes.lost);
    const who = `${victim} \\(pid ${pidOf(processes, victim)}\\) was killed by SIGKILL`;
    assert.match(end.cause.message, new RegExp(`^${who} after \\d+ committed steps$`));
    assertAllGone(processes, output);

    const resumed = start({ name: `kill-${victim}`, workers: 2, steps: 40, resume: 'newest' });
    const resumedEnd = await resumed.run.end;
    assert.equal(resumedEnd.kind, 'finished', JSON.stringify(resumedEnd));
    if (resumedEnd.kind !== 'finished') return;
    assert.equal(resumedEnd.result.weightsSha256, undisturbed.result.weightsSha256);
    const started = resumed.events.find((event) => event.kind === 'started');
    assert.equal(started?.kind === 'started' ? started.firstStep % 10 : null, 0);
    assert.ok(started?.kind === 'started' && started.firstStep >= 20);
  });
}

// Would catch a worker whose sockets stay open although it does nothing any more.
test('a frozen worker is noticed by its missing heartbeats and ends with the run', async () => {
  const { run, processes, output } = start({
    name: 'frozen',
    workers: 2,
    steps: 10_000,
    onCommitted: (steps) => {
      if (steps === 5) process.kill(pidOf(processes, 'worker-1'), 'SIGSTOP');
    },
  });
  const end = await run.end;
  assert.equal(end.kind === 'failed' ? end.cause.code : null, 'MEMBER_LOST');
  assert.match(end.kind === 'failed' ? end.cause.message : '', /^worker-1 was silent for \d+ ms/);
  assertAllGone(processes, output);
});

// Would catch a failure of training that is reported as a lost process, which a supervisor resumes
// for ever, because native code held up the worker that had failed until it killed itself.
test('a worker that said its last words and then killed itself is no cause', async () => {
  const { run, processes, output } = start({
    name: 'leaving',
    workers: 1,
    steps: 10_000,
    entries: {
      ...fakeEntries,
      worker: new URL('./fakes/leaving-worker.js', import.meta.url),
    },
  });
  const end = await run.end;
  assert.equal(end.kind === 'failed' ? end.cause.code : null, 'NON_FINITE', JSON.stringify(end));
  assert.equal(end.kind === 'failed' ? end.cause.exitCode : null, exitCodes.training);
  assertAllGone(processes, output);
});

// Would catch workers that train on for ever without a coordinator, or are blamed for its silence.
test('a frozen coordinator is noticed by the workers, and blamed', async () => {
  const { run, processes, output } = start({
    name: 'frozen-coordinator',
    workers: 2,
    steps: 10_000,
    onCommitted: (steps) => {
      if (steps === 5) process.kill(pidOf(processes, 'coordinator'), 'SIGSTOP');
    },
  });
  const end = await run.end;
  assert.equal(end.kind === 'failed' ? end.cause.code : null, 'COORDINATOR_LOST');
  assert.match(end.kind === 'failed' ? end.cause.message : '', /^the coordinator was silent for/);
  assertAllGone(processes, output);
});

// Would catch a run that says "told by the parent" where someone outside has ended it.
for (const victim of ['worker-1', 'coordinator']) {
  test(`a ${victim} that is told to end from outside says so`, async () => {
    const { run, processes, output } = start({
      name: `told-${victim}`,
      workers: 2,
      steps: 10_000,
      onCommitted: (steps) => {
        if (steps !== 5) return;
        // A frozen worker would hold the others in their step; a stopped thread is asked twice.
        process.kill(pidOf(processes, victim), 'SIGTERM');
        process.kill(pidOf(processes, victim), 'SIGINT');
      },
    });
    const end = await run.end;
    assert.equal(end.kind, 'failed', JSON.stringify(end));
    if (end.kind !== 'failed') return;
    assert.equal(end.cause.code, 'ABORTED');
    const who = victim === 'coordinator' ? 'the coordinator' : victim;
    assert.match(
      end.cause.message,
      new RegExp(`^${who} was told to end at once: it received SIG(INT|TERM) twice`),
    );
    assertAllGone(processes, output);
  });
}

// Would catch a run that gives a number as its reason when a stranger removed its plans.
test('a stream that a stranger removes is named', async () => {
  const server = await startLocalNatsServer({
    binary: findNatsServer(),
    directory: join(folder, 'stranger-nats'),
    logFile: join(folder, 'stranger-nats.log'),
  });
  const bus = await openNatsBus({ url: server.url, name: 'stranger' });
  const { run } = start({
    name: 'stranger',
    workers: 1,
    steps: 10_000,
    natsUrl: server.url,
    onCommitted: async (steps) => {
      if (steps !== 5) return;
      const { streams } = await bus.names();
      const plans = streams.find((name) => name.startsWith('lockstep-plan-')) as string;
      await (await bus.openStream(plans)).remove();
    },
  });
  const end = await run.end;
  await bus.close();
  await server.stop();
  assert.equal(end.kind, 'failed', JSON.stringify(end));
  assert.match(
    end.kind === 'failed' ? end.cause.message : '',
    /the stream "lockstep-plan-fake-t\w{16}" is gone: someone else removed it/,
  );
});

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
  assert.match(coordinator, /^lockstep_committed_steps\{training_job="fake"\} \d{2,}$/m);
  assert.match(coordinator, /^lockstep_users_total\{training_job="fake"\} \d{2,}$/m);
  assert.match(
    worker,
    /^lockstep_worker_link_sent_bytes_total\{kind="bulk",training_job="fake",worker="worker-1"\} 3$/m,
  );
  assert.match(worker, /^lockstep_worker_step_phase_seconds_count\{.*phase="reduce"\} \d{2,}$/m);
  for (const metrics of [coordinator, worker]) {
    assert.match(
      metrics,
      /^lockstep_build_info\{version="\d.*",node="\d.*",engine="torch",.*\} 1$/m,
    );
    assert.match(metrics, /^process_resident_memory_bytes\{.*\} \d{7,}$/m);
    assert.match(metrics, /^process_cpu_seconds_total\{.*\} [0-9.]+$/m);
    assert.match(metrics, /^nodejs_eventloop_lag_seconds\{quantile="1",.*\} [0-9.e-]+$/m);
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
