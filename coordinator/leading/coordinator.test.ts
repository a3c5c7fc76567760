import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobId, runId } from '../../shared/ids.js';
import { decodeLeaderMessage } from '../../shared/messages/cluster/from-leader.js';
import type { WorkerReport } from '../../shared/messages/cluster/from-worker.js';
import type { Happening } from '../../shared/messages/cluster/log-entry.js';
import { coordinatorSubject } from '../../shared/subjects.js';
import { millis } from '../../shared/units.js';
import { at } from '../membership/cluster-fixture.js';
import { CoordinatorMetrics } from '../metrics.js';
import { emptyPlans, run } from '../run-fixture.js';
import { CoordinatedCluster, trainingCluster } from './coordinator-fixture.js';
import type { Prepared } from './coordinator-parts.js';
import type { ScriptedWorker } from './scripted-worker-fixture.js';

const phases = ({ workers }: CoordinatedCluster) => workers.map(({ phase }) => phase);
const upTo = (steps: number) => Array.from({ length: steps }, (_, step) => step);

function workerOf(cluster: CoordinatedCluster, index: number): ScriptedWorker {
  return cluster.workers[index] as ScriptedWorker;
}

// Would catch a run that does not begin, record or end in the ordinary case.
test('two workers train to the end, and the log tells all of it', async () => {
  const cluster = await trainingCluster();
  assert.deepEqual(phases(cluster), ['training', 'training']);
  await cluster.steps(3);
  assert.deepEqual(await cluster.committed(), [0, 1, 2]);
  await cluster.pass(1000);
  assert.equal(workerOf(cluster, 0).outbox.length, 0);
  for (const worker of cluster.workers) worker.finish();
  await cluster.pass(2000);
  const [standing] = cluster.coordinators;
  assert.equal(standing?.outcome?.kind, 'finished');
  const kinds = (await cluster.log())
    .map(({ entry }) => entry.kind)
    .filter((kind) => kind !== 'waiting');
  assert.deepEqual(kinds.slice(0, 3), ['led', 'generation', 'generation']);
  assert.equal(kinds.at(-1), 'finished');
  assert.equal(workerOf(cluster, 0).lead?.over?.kind, 'finished');
});

// Would catch a lost worker that ends the run, or a step that is recorded twice or not at all.
test('a worker that dies is replaced by nobody, and training goes on from the farthest', async () => {
  const cluster = await trainingCluster();
  await cluster.steps(2);
  // One has committed the step and the other dies in it.
  workerOf(cluster, 0).commit();
  workerOf(cluster, 1).frozen = true;
  await cluster.pass(3000);
  assert.deepEqual(
    (await cluster.record())?.members.map(({ worker }) => worker),
    ['w0'],
  );
  assert.deepEqual((await cluster.record())?.start, {
    kind: 'state',
    position: at(3),
    holders: ['w0'],
  });
  assert.deepEqual(await cluster.committed(), [0, 1, 2]);
  await cluster.steps(2);
  assert.deepEqual(await cluster.committed(), upTo(5));
  const [recovered] = await cluster.entries('recovered');
  assert.equal(recovered?.cause, 'lost');
  assert.deepEqual(recovered?.workers, ['w1']);
  assert.ok(recovered !== undefined && recovered.detectSeconds >= 2);
  assert.deepEqual((await cluster.entries('committed')).at(-1)?.ledger.reporters, ['w0']);
});

// Would catch a frozen worker that wakes up and takes part in what goes on without it.
test('a member that wakes up stands by, and joins at the end of a step', async () => {
  const cluster = await trainingCluster();
  await cluster.steps(1);
  workerOf(cluster, 1).frozen = true;
  await cluster.pass(3000);
  await cluster.steps(1);
  workerOf(cluster, 1).frozen = false;
  await cluster.pass(2500);
  assert.deepEqual(phases(cluster), ['training', 'training']);
  assert.equal(workerOf(cluster, 1).steps, 2);
  await cluster.steps(1);
  assert.deepEqual(await cluster.committed(), upTo(3));
  const causes = (await cluster.entries('recovered')).map(({ cause, planned }) => [cause, planned]);
  assert.deepEqual(causes, [
    ['lost', false],
    ['joined', true],
  ]);
});

// Would catch two leaders that both act, a fact that is lost between them, or one that is told twice.
test('a standby goes on where a leader stopped, and a leader that wakes up changes nothing', async () => {
  const cluster = await trainingCluster();
  const standby = await cluster.coordinator();
  await cluster.steps(2);
  const [first] = cluster.coordinators;
  assert.ok(first !== undefined);
  first.frozen = true;
  // Nobody records these: their workers keep them.
  await cluster.steps(2);
  await cluster.pass(4000);
  assert.equal(standby.coordinator.leads, true);
  assert.deepEqual(await cluster.committed(), upTo(4));
  assert.deepEqual(phases(cluster), ['training', 'training']);
  const before = (await cluster.log()).length;
  first.frozen = false;
  await cluster.pass(1000);
  assert.equal(first.coordinator.leads, false);
  assert.equal((await cluster.log()).length, before);
  await cluster.steps(1);
  const fences = (await cluster.log()).map(({ fence }) => fence);
  assert.deepEqual(
    [...fences],
    fences.toSorted((a, b) => a - b),
  );
  assert.deepEqual(await cluster.committed(), upTo(5));
  assert.equal((await cluster.entries('recovered')).at(-1)?.cause, 'leader');
  for (const worker of cluster.workers) worker.finish();
  await cluster.pass(3000);
  // Both say how the run ended.
  assert.deepEqual(
    cluster.coordinators.map(({ outcome }) => outcome?.kind),
    ['finished', 'finished'],
  );
});

// Would catch: a leader that took over and says that nobody trains, until somebody comes or goes: an alert rings.
test('whoever goes on leading says who trains, with which lanes', async () => {
  const cluster = await trainingCluster();
  const metrics = new CoordinatorMetrics(run.job);
  const standby = await cluster.coordinator({}, { metrics });
  await cluster.steps(1);
  workerOf(cluster, 0).report({
    kind: 'checkpointed',
    committedSteps: 1,
    path: '/c/1',
    seconds: 1,
  });
  await cluster.pass(500);
  const [first] = cluster.coordinators;
  assert.ok(first !== undefined);
  first.frozen = true;
  await cluster.pass(4000);
  assert.equal(standby.coordinator.leads, true);
  const text = await metrics.registry.metrics();
  assert.match(text, /^lockstep_members\{.*\} 2$/m);
  for (const worker of ['w0', 'w1']) {
    assert.match(text, new RegExp(`^lockstep_worker_lanes\\{worker="${worker}",.*\\} 1$`, 'm'));
  }
  assert.match(text, /^lockstep_checkpoint_steps\{.*\} 1$/m);
  // A growth from nothing is none to Prometheus.
  assert.match(text, /^lockstep_recovery_seconds_count\{.*cause="lost".*\} 0$/m);
});

// Would catch a log in which leaders mix: what is read behind the newer leader's entries is appended behind them.
test('whoever stood still between its claim and its first entry appends nothing behind the next leader', async () => {
  const cluster = new CoordinatedCluster();
  let prepare: (prepared: Prepared) => void = () => undefined;
  let stoppedAt: number | null = null;
  let lost = 0;
  const sleeper = await cluster.coordinator(
    {},
    {
      // Its host is suspended: this clock stands still too.
      clock: { now: () => millis(stoppedAt ?? cluster.now - lost) },
      prepared: new Promise((resolve) => {
        prepare = resolve;
      }),
    },
  );
  while (sleeper.coordinator.standing === null) await cluster.pass(50);
  sleeper.frozen = true;
  stoppedAt = cluster.now;
  const next = await cluster.coordinator();
  await cluster.pass(4000);
  assert.ok(next.coordinator.leads);
  lost = cluster.now - stoppedAt;
  stoppedAt = null;
  sleeper.frozen = false;
  prepare({ dataset: { directory: '/d', digest: 'd' }, totalSteps: 20, plans: emptyPlans });
  await cluster.pass(1000);
  cluster.worker('w0');
  cluster.worker('w1');
  await cluster.pass(3000);
  await cluster.steps(2);
  assert.deepEqual(
    [next, sleeper].map(({ coordinator }) => coordinator.leads),
    [true, false],
  );
  const fences = (await cluster.log()).map(({ fence }) => fence);
  assert.deepEqual([...new Set(fences)], [2]);
  assert.deepEqual(await cluster.committed(), upTo(2));
});

// Would catch workers that are declared dead because nobody could hear them.
test('while the bus is away nothing is decided, and afterwards everything goes on', async () => {
  const cluster = await trainingCluster();
  await cluster.steps(2);
  cluster.hub.stop();
  await cluster.pass(30_000);
  cluster.hub.start();
  await cluster.pass(1000);
  await cluster.steps(2);
  assert.deepEqual(await cluster.committed(), upTo(4));
  assert.equal((await cluster.record())?.generation, 1);
  assert.deepEqual(
    (await cluster.entries('recovered')).map(({ cause }) => cause),
    ['bus'],
  );
});

// Would catch a rewind whose steps are taken for recorded, or whose other numbers nobody notices.
test('a run of which everyone was lost goes on from a checkpoint, and its steps are the same', async () => {
  const cluster = await trainingCluster();
  await cluster.steps(4);
  for (const worker of cluster.workers) worker.frozen = true;
  const checkpoint = { path: '/c/2', committedSteps: 2 };
  for (const name of ['w0', 'w1']) cluster.worker(name, 2).say({ checkpoint });
  await cluster.pass(4000);
  assert.deepEqual((await cluster.record())?.start, {
    kind: 'checkpoint',
    committedSteps: 2,
    holders: ['w0', 'w1'],
  });
  await cluster.steps(1);
  assert.deepEqual(await cluster.committed(), [0, 1, 2, 3, 2]);
  workerOf(cluster, 2).commit(0.75);
  workerOf(cluster, 3).commit(0.75);
  await cluster.pass(1000);
  const [failed] = await cluster.entries('failed');
  assert.equal(failed?.code, 'MEMBERS_DIFFER');
});

// Would catch a difference between members that is recorded as if it were none.
test('members that differ end the run', async () => {
  const cluster = await trainingCluster();
  workerOf(cluster, 0).commit(0.5);
  workerOf(cluster, 1).commit(0.25);
  await cluster.pass(1000);
  const [failed] = await cluster.entries('failed');
  assert.equal(failed?.code, 'MEMBERS_DIFFER');
  assert.equal(workerOf(cluster, 0).lead?.over?.kind, 'failed');
});

// Would catch a crash that ends the job, and a loss that is not finite that does not.
test("a worker's failure ends the run only where every worker would fail of it", async () => {
  const failed = (code: string) =>
    ({ kind: 'failed', code, message: 'm', stack: '', committedSteps: 0 }) as const;
  const cluster = await trainingCluster();
  workerOf(cluster, 1).report(failed('TRAINING_THREAD'));
  workerOf(cluster, 1).say({ phase: 'failed' });
  await cluster.pass(200);
  assert.deepEqual(
    (await cluster.record())?.members.map(({ worker }) => worker),
    ['w0'],
  );
  assert.match((await cluster.entries('notice'))[0]?.text ?? '', /^w1 failed: TRAINING_THREAD: m$/);
  workerOf(cluster, 0).report(failed('NON_FINITE'));
  await cluster.pass(1000);
  const [end] = await cluster.entries('failed');
  assert.deepEqual([end?.code, end?.worker], ['NON_FINITE', 'w0']);
});

// Would catch a stop that is forgotten by the next leader, or ends before the checkpoint is written.
test('a stop is said until members end, by whoever leads', async () => {
  const cluster = await trainingCluster();
  await cluster.steps(1);
  const [first] = cluster.coordinators;
  first?.coordinator.stop('a test');
  await cluster.pass(600);
  assert.equal(workerOf(cluster, 0).lead?.stopping, true);
  if (first !== undefined) first.frozen = true;
  const standby = await cluster.coordinator();
  await cluster.pass(4000);
  assert.equal(workerOf(cluster, 0).lead?.stopping, true);
  for (const worker of cluster.workers) worker.finish(undefined, true);
  await cluster.pass(2000);
  assert.ok(standby.outcome?.kind === 'finished' && standby.outcome.result.stopped);
  assert.equal(workerOf(cluster, 0).lead?.over?.kind, 'stopped');
});

// Would catch a coordinator that waits for workers although it has been told to stop.
test('a stop before anyone trains ends the run at once', async () => {
  const cluster = new CoordinatedCluster();
  const { coordinator } = await cluster.coordinator();
  await cluster.pass(500);
  coordinator.stop('a test');
  await cluster.pass(2000);
  const [end] = await cluster.entries('failed');
  assert.equal(end?.code, 'STOPPED');
});

// Would catch a restart that ends the run, or a run that ends with its coordinator's process.
test('a coordinator that leaves gives the name back, and the run goes on', async () => {
  const cluster = await trainingCluster();
  await cluster.steps(1);
  const [first] = cluster.coordinators;
  const leaving = first?.coordinator.leave();
  await cluster.pass(1000);
  // Would catch a lead that is given back before anyone knows whether the members leave as well.
  assert.equal(first?.coordinator.leads, true);
  await cluster.pass(1000);
  await leaving;
  const second = await cluster.coordinator();
  await cluster.pass(1500);
  assert.equal(second.coordinator.leads, true);
  assert.equal(first?.outcome?.kind, 'left');
  await cluster.steps(2);
  assert.deepEqual(await cluster.committed(), upTo(3));
});

// Would catch steps that are lost because everyone was asked to end at the same time.
test('a coordinator that is asked to end with its members stays until they have ended', async () => {
  const cluster = await trainingCluster();
  await cluster.steps(1);
  const [first] = cluster.coordinators;
  void first?.coordinator.leave();
  for (const worker of cluster.workers) worker.say({ leaving: true });
  await cluster.pass(2500);
  assert.equal(first?.coordinator.leads, true);
  for (const worker of cluster.workers) worker.frozen = true;
  await cluster.pass(2000);
  assert.equal(first?.outcome?.kind, 'left');
});

// Would catch workers that end because of how an execution before has ended, and a run that is over and
// trained further by whoever stands by.
test('a run that has ended is over, and goes on only where that is asked for', async () => {
  const cluster = await trainingCluster();
  await cluster.steps(1);
  cluster.coordinators[0]?.coordinator.stop('a test');
  for (const worker of cluster.workers) worker.finish('a'.repeat(64), true);
  await cluster.pass(2000);
  const late = await cluster.coordinator();
  await cluster.pass(1000);
  assert.equal(late.outcome?.kind, 'finished');
  for (const { coordinator } of cluster.coordinators) await coordinator.close();
  const said: unknown[] = [];
  cluster.hub.open().subscribe(coordinatorSubject(run), (data) => {
    const message = decodeLeaderMessage(data);
    if (message.kind === 'lead') said.push(message.over);
  });
  const again = await cluster.coordinator({}, { goesOnBehindEnd: true });
  await cluster.pass(1000);
  assert.equal(again.coordinator.leads, true);
  assert.ok(said.length > 0 && said.every((over) => over === null), JSON.stringify(said));
});

// Would catch facts that are told by each member, or out of their order.
test('what every member reports stands in the log once, behind the step it is of', async () => {
  const cluster = await trainingCluster();
  const validated: WorkerReport = {
    kind: 'validated',
    committedSteps: 1,
    results: [],
    best: null,
  };
  const [a, b] = [workerOf(cluster, 0), workerOf(cluster, 1)];
  a.commit();
  a.report(validated);
  a.report({ kind: 'checkpointed', committedSteps: 1, path: '/c/1', seconds: 1 });
  await cluster.pass(200);
  b.commit();
  b.report(validated);
  await cluster.pass(200);
  const kinds = (await cluster.log()).map(({ entry }) => entry.kind);
  const facts: readonly Happening['kind'][] = ['committed', 'validated', 'checkpointed'];
  assert.deepEqual(
    kinds.filter((kind) => facts.includes(kind)),
    facts,
  );
});

// Would catch a resumed run that waits for steps which another log has, or whose plans never come.
test('a run whose log is new begins at the newest checkpoint', async () => {
  const cluster = new CoordinatedCluster();
  const description = {
    job: {},
    jobSha256: 'b'.repeat(64),
    checkpoints: null,
    resume: 'newest',
    evaluate: false,
  };
  await cluster.coordinator({}, { description, checkpointRequired: true });
  for (const name of ['w0', 'w1']) {
    cluster.worker(name).say({ checkpoint: { path: '/c/12', committedSteps: 12 } });
  }
  await cluster.pass(1000);
  assert.deepEqual(phases(cluster), ['training', 'training']);
  await cluster.steps(2);
  assert.deepEqual(await cluster.committed(), [12, 13]);
  const [, started] = await cluster.entries('generation');
  assert.equal(started?.resumedFrom, '/c/12');
});

// Would catch a run that is resumed behind a lost log and begins at the seed, or not at all: the store still has a
// generation of before, whose start is none of the new log's.
test('a run whose log was removed goes on from the newest checkpoint', async () => {
  const cluster = await trainingCluster();
  await cluster.steps(1);
  await cluster.removeLog();
  await cluster.steps(1);
  await cluster.pass(6000);
  for (const { coordinator } of cluster.coordinators) await coordinator.close();
  const description = {
    job: {},
    jobSha256: 'b'.repeat(64),
    checkpoints: null,
    resume: 'newest',
    evaluate: false,
  };
  await cluster.coordinator({}, { description, checkpointRequired: true });
  for (const name of ['w0', 'w1']) {
    cluster.worker(name, 2).say({ checkpoint: { path: '/c/12', committedSteps: 12 } });
  }
  await cluster.pass(4000);
  assert.deepEqual(await cluster.entries('failed'), []);
  await cluster.steps(2);
  assert.deepEqual(await cluster.committed(), [12, 13]);
});

// Would catch a run that begins at the seed although it was told to go on from a checkpoint.
test('a run that must resume and finds no checkpoint is refused', async () => {
  const cluster = await trainingCluster({}, { checkpointRequired: true });
  const [failed] = await cluster.entries('failed');
  assert.equal(failed?.code, 'CHECKPOINT_MISSING');
});

// Would catch a second run of a name on one server, whose workers and plans mix with the first one's.
test('a second run of the name is refused while the first one lives', async () => {
  const cluster = await trainingCluster();
  const other = { job: jobId('test'), run: runId('tfedcba9876543210') };
  const second = await cluster.coordinator({}, { run: other });
  await cluster.pass(3000);
  assert.ok(second.outcome?.kind === 'failed');
  assert.equal(second.outcome.code, 'RUN_LIVE');
  assert.match(
    second.outcome.message,
    /^Cannot start the job "test" .*its run t0123456789abcdef is/,
  );
});

// Would catch a standstill that nobody names before it ends the run half an hour later.
test('a step that takes many times its usual time is told, with who is waited for', async () => {
  const cluster = await trainingCluster();
  await cluster.steps(8);
  workerOf(cluster, 0).commit();
  await cluster.pass(6000);
  const [notice] = await cluster.entries('notice');
  assert.match(notice?.text ?? '', /^step 8 waits for w1 \(training\) for [\d.]+ s: the longest/);
});

// Would catch a run that waits for ever for a worker that is there, and does not say what keeps it out.
test('a worker with another secret is named before the run begins', async () => {
  const cluster = new CoordinatedCluster();
  await cluster.coordinator({ min: 2 });
  cluster.worker('w0').say({ secret: '00000000000000aa' });
  cluster.worker('w1').say({ secret: '00000000000000bb' });
  await cluster.pass(3000);
  assert.deepEqual(
    (await cluster.entries('waiting')).map(({ reason }) => reason).at(-1),
    '1 of at least 2 workers',
  );
  const notices = (await cluster.entries('notice')).map(({ text }) => text);
  assert.equal(notices.length, 1);
  assert.match(notices[0] ?? '', /^w[01] is not taken in: it has another secret than the others: /);
});

// Would catch a standby that leads from half a log, as from the beginning.
test('a standby whose log is removed says so and does not lead', async () => {
  const cluster = await trainingCluster();
  const standby = await cluster.coordinator();
  await cluster.pass(500);
  await cluster.removeLog();
  await cluster.pass(500);
  assert.equal(standby.outcome?.kind === 'failed' && standby.outcome.code, 'BUS_REFUSED');
});

// Would catch a leader that leads on for ever without a record, and workers that wait for it in silence.
test('a leader whose log is removed says so to everyone and ends', async () => {
  const cluster = await trainingCluster();
  const [leader] = cluster.coordinators;
  await cluster.steps(1);
  await cluster.removeLog();
  await cluster.steps(1);
  await cluster.pass(6000);
  for (const { lead } of cluster.workers) {
    assert.equal(lead?.over?.kind, 'failed');
    assert.match(lead.over.reason, /log/);
  }
  const outcome = leader?.outcome;
  assert.equal(outcome?.kind === 'failed' && outcome.code, 'BUS_REFUSED');
});

// Would catch a lead that is so large, or a look that is so slow, that many workers stop everything.
test('sixty-four workers train in one generation', async () => {
  const cluster = new CoordinatedCluster();
  await cluster.coordinator({ replicas: 64, max: 64, lanes: 64 });
  for (let index = 0; index < 64; index++) cluster.worker(`w${index}`);
  await cluster.pass(1000);
  assert.ok(phases(cluster).every((phase) => phase === 'training'));
  workerOf(cluster, 40).say({ phase: 'failed' });
  workerOf(cluster, 40).frozen = true;
  await cluster.pass(500);
  assert.equal((await cluster.record())?.members.length, 63);
});
