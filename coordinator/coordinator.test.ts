/** The shell over a bus in memory, with a clock that the test turns. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { step, workerId } from '../shared/ids.js';
import { anotherHash, reportOf } from '../shared/ledger/ledger-record-fixture.js';
import type { FromWorker } from '../shared/messages/messages.js';
import type { ReportedStep } from '../shared/messages/report-fields.js';
import { planMessageId, planStream, planSubject, workerSubject } from '../shared/subjects.js';
import {
  a,
  b,
  committed,
  join,
  type Opened,
  openCoordinator as open,
  train,
} from './coordinator-fixture.js';
import type { Prepared } from './coordinator-parts.js';
import { emptyPlan, emptyPlans, run, settle } from './run-fixture.js';

// Would catch a membership that is formed early, unsorted, or said once to nobody.
test('forms the membership when all have joined, and says it again to whoever asks', async () => {
  const opened = await open();
  await opened.say(b, join);
  await opened.wait(500);
  assert.ok(opened.said.every(({ kind }) => kind === 'heartbeat'));
  await opened.say(a, join);
  await opened.wait(500);
  const first = opened.said.find((message) => message.kind === 'membership');
  assert.deepEqual(first?.kind === 'membership' && first.members.map(({ worker }) => worker), [
    a,
    b,
  ]);
  await opened.say(b, join);
  assert.equal(opened.said.filter(({ kind }) => kind === 'membership').length, 2);
});

// Would catch a stream that runs far ahead, stands still, or keeps what is over.
test('publishes eight steps ahead of the slower member and purges what a checkpoint covers', async () => {
  const opened = await open();
  await train(opened);
  assert.deepEqual(await opened.stored(), [0, 1, 2, 3, 4, 5, 6, 7]);
  for (const at of [0, 1, 2]) await opened.say(a, committed(at));
  assert.equal((await opened.stored()).at(-1), 7);
  for (const at of [0, 1]) await opened.say(b, committed(at));
  assert.equal((await opened.stored()).at(-1), 9);
  const checkpointed = {
    kind: 'checkpointed',
    committedSteps: 2,
    path: '/c/s',
    seconds: 1,
  } as const;
  await opened.say(a, checkpointed);
  assert.deepEqual(await opened.stored(), [2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(opened.events.filter(({ kind }) => kind === 'committed').length, 2);
});

// Would catch a disagreement that goes on training, and workers that are not told to give up.
test('members that disagree end the run for everyone', async () => {
  const opened = await open();
  await train(opened);
  await opened.say(a, committed(0, 0.5));
  await opened.say(b, committed(0, 0.5 + 2 ** -53));
  const outcome = await opened.coordinator.outcome;
  assert.equal(outcome.kind === 'failed' ? outcome.code : null, 'MEMBERS_DIFFER');
  await settle();
  assert.equal(opened.said.at(-1)?.kind, 'abort');
});

// Would catch a silent member that is waited for, and one that is taken for dead while it reports.
test('a member is lost after three seconds of silence, whatever the others say', async () => {
  const opened = await open();
  await train(opened);
  await opened.wait(2000);
  await opened.say(a, { kind: 'heartbeat', committedSteps: 0 });
  await opened.wait(900);
  await opened.say(a, { kind: 'heartbeat', committedSteps: 0 });
  await opened.wait(200);
  const outcome = await opened.coordinator.outcome;
  assert.equal(outcome.kind === 'failed' ? outcome.code : null, 'MEMBER_LOST');
  const failed = opened.events.find((event) => event.kind === 'failed');
  assert.equal(failed?.kind === 'failed' ? failed.worker : null, b);
});

// Would catch a coordinator that a stranger, or a damaged message, can bring down.
test('malformed messages and strangers are counted and change nothing', async () => {
  const opened = await open();
  await train(opened);
  opened.workers.publish(workerSubject(run, a), Uint8Array.of(0xc1));
  await opened.say(workerId('stranger'), committed(0));
  await opened.say(a, { kind: 'heartbeat', committedSteps: 0 });
  const refused = (await opened.metrics.refused.get()).values;
  const count = (reason: string): number =>
    refused.find(({ labels }) => labels.reason === reason)?.value ?? 0;
  assert.equal(count('structure'), 1);
  assert.equal(count('stranger'), 1);
  assert.equal(opened.coordinator.unhealthy, null);
});

const finished = (weightsSha256: string): FromWorker => ({
  kind: 'finished',
  committedSteps: 0,
  finalLoss: null,
  stopped: true,
  endedEarly: false,
  stage: null,
  best: null,
  checkpoint: null,
  weightsSha256,
});

// Would catch a run that ends well although its members hold different weights.
test('the run is complete when all hold the same weights, and failed when not', async () => {
  for (const [other, kind] of [
    ['ab', 'finished'],
    ['cd', 'failed'],
  ] as const) {
    const opened = await open();
    await train(opened);
    await opened.say(a, finished('ab'.repeat(32)));
    await opened.say(b, finished(other.repeat(32)));
    const outcome = await opened.coordinator.outcome;
    assert.equal(outcome.kind, kind);
    await settle();
    assert.equal(opened.said.at(-1)?.kind, kind === 'finished' ? 'complete' : 'abort');
    if (outcome.kind === 'failed') assert.equal(outcome.code, 'WEIGHTS_DIFFER');
  }
});

// Would catch a coordinator that names nobody, or goes on where memory changes bits without an error.
test('states that differ end the run, and so does a lane that was trained on others', async () => {
  const wrongs: Readonly<Record<string, Partial<ReportedStep>>> = {
    STATE_DIFFERS: { stateHash: anotherHash },
    USERS_DIFFER: { lanes: reportOf('worker-1').report.lanes.slice(0, 2) },
  };
  for (const [code, wrong] of Object.entries(wrongs)) {
    const opened = await open();
    await train(opened);
    await opened.say(a, committed(0));
    await opened.say(b, committed(0, undefined, wrong));
    const outcome = await opened.coordinator.outcome;
    assert.equal(outcome.kind === 'failed' ? outcome.code : null, code);
    assert.match(outcome.kind === 'failed' ? outcome.message : '', /step 0.*worker-1/);
  }
});

// Would catch a step in the ledger that another step's users stand in, or nobody's.
test('a committed step is told with its record for the ledger', async () => {
  const opened = await open();
  await train(opened);
  await opened.say(b, committed(0));
  await opened.say(a, committed(0));
  const [record] = opened.events.flatMap((event) =>
    event.kind === 'committed' ? [event.ledger] : [],
  );
  assert.deepEqual([record?.step, record?.planSha256], [0, emptyPlan(0).shared.sha256]);
  assert.deepEqual(record?.reporters, ['worker-0', 'worker-1']);
  assert.deepEqual(
    record?.lanes.map(({ owner }) => owner),
    [0, 1],
  );
});

// Would catch a plan that somebody else stored under our name: members would train on it, all agree,
// and end well with weights that the job does not describe.
test('a plan that is in the stream before us, or that a member read elsewhere, ends the run', async () => {
  const early = await open();
  const stream = await early.workers.openStream(planStream(run));
  const id = planMessageId(run, step(3), 'shared', 0);
  await stream.publish(planSubject(run, step(3), 'shared'), Uint8Array.of(1), id);
  await train(early);
  const outcome = await early.coordinator.outcome;
  assert.equal(outcome.kind === 'failed' ? outcome.code : null, 'PLAN_FORGED');
  assert.match(
    outcome.kind === 'failed' ? outcome.message : '',
    /plan of step 3: .*plan\.3\.shared/,
  );

  const read = await open();
  await train(read);
  await read.say(a, { ...committed(0), planSha256: 'cd'.repeat(32) } as FromWorker);
  const end = await read.coordinator.outcome;
  assert.equal(end.kind === 'failed' ? end.code : null, 'PLAN_FORGED');
  assert.match(end.kind === 'failed' ? end.message : '', /step 0: worker-0 trained on .*(cd){32}/);
});

// Would catch an evaluation that trains from the seed because there is nothing to evaluate.
test('an evaluation without a checkpoint fails', async () => {
  const opened = await open({ totalSteps: null, checkpointRequired: true });
  await train(opened);
  const outcome = await opened.coordinator.outcome;
  assert.equal(outcome.kind === 'failed' ? outcome.code : null, 'CHECKPOINT_MISSING');
});

// Would catch a run that is "finished" at once, with more steps than its job has.
test('a duration that ends before the checkpoint is refused, with both counts', async () => {
  const opened = await open({ totalSteps: 20 });
  const checkpoint = { path: '/c/step-00000030', committedSteps: 30 };
  for (const worker of [a, b]) await opened.say(worker, { ...join, checkpoint } as FromWorker);
  await opened.wait(500);
  const outcome = await opened.coordinator.outcome;
  assert.equal(outcome.kind === 'failed' ? outcome.code : null, 'DURATION_PASSED');
  assert.match(outcome.kind === 'failed' ? outcome.message : '', /30 committed steps.* ends at 20/);
});

// Would catch an evaluation that only the last line of the run tells of, and one told by each member.
test("an evaluation is told once, at its sender's step, and kept as gauges", async () => {
  const opened = await open();
  await train(opened);
  await opened.say(a, committed(0));
  const counts = { users: 9, tooShort: 0, repeats: 0, tied: 0, items: 30 };
  const values = { 'recall@10': 0.25, mrr: 0.125 };
  const results = [{ split: 'test', model: 'hllm', ...counts, values } as const];
  for (const worker of [a, b]) {
    await opened.say(worker, { kind: 'evaluated', results: [...results] });
  }
  const told = opened.events.filter(({ kind }) => kind === 'evaluated');
  assert.deepEqual(told, [{ kind: 'evaluated', committedSteps: 1, results }]);
  const served = await opened.metrics.registry.metrics();
  const labels = (metric: string, cutoff: string): string =>
    `split="test",model="hllm",metric="${metric}",cutoff="${cutoff}",training_job="test"`;
  assert.ok(served.includes(`lockstep_evaluation_ratio{${labels('recall', '10')}} 0.25\n`));
  assert.ok(served.includes(`lockstep_evaluation_ratio{${labels('mrr', '')}} 0.125\n`));
});

// Would catch a coordinator that hangs without its server.
test('a lost bus ends the run', async () => {
  const opened = await open();
  await train(opened);
  opened.hub.fail();
  const outcome = await opened.coordinator.outcome;
  assert.equal(outcome.kind === 'failed' ? outcome.code : null, 'BUS_LOST');
});

// Would catch a stop that a member misses: it would go on alone.
test('a stop is said again with every heartbeat', async () => {
  const opened = await open();
  await train(opened);
  opened.coordinator.stop();
  await opened.wait(500);
  await opened.wait(500);
  assert.equal(opened.said.filter(({ kind }) => kind === 'stop').length, 3);
});

/** Every member sends a heartbeat each second. */
async function beat(opened: Opened, duration: number): Promise<void> {
  for (let second = 0; second < duration / 1000; second++) {
    for (const worker of [a, b]) await opened.say(worker, { kind: 'heartbeat', committedSteps: 0 });
    await opened.wait(1000);
  }
}

// Would catch members that send heartbeats for days and commit nothing, which nobody is told.
test('a standstill is said, named and ended, although heartbeats go on', async () => {
  const opened = await open();
  await train(opened);
  for (const at of [0, 1, 2]) {
    for (const worker of [a, b]) await opened.say(worker, committed(at));
    await opened.wait(500);
  }
  await opened.say(a, committed(3));
  await beat(opened, 180_000);
  assert.equal(opened.coordinator.unhealthy, null);
  await beat(opened, 10_000);
  assert.match(opened.coordinator.unhealthy ?? '', /^no progress in training for 18\d(\.\d)? s/);
  const notices = opened.events.filter(({ kind }) => kind === 'notice');
  assert.equal(notices.length, 1);
  await beat(opened, 200_000);
  const outcome = await opened.coordinator.outcome;
  assert.equal(outcome.kind === 'failed' ? outcome.code : null, 'NO_PROGRESS');
  assert.match(
    outcome.kind === 'failed' ? outcome.message : '',
    /3 steps are committed, .* worker-0 4, worker-1 3, plans are published up to step 11/,
  );
  const failed = opened.events.find((event) => event.kind === 'failed');
  assert.equal(failed?.kind === 'failed' ? failed.worker : null, b);
  assert.match(opened.coordinator.unhealthy ?? '', /the run is over: NO_PROGRESS: no progress/);
  await settle();
  assert.equal(opened.said.at(-1)?.kind, 'abort');
});

// Would catch a warning that stays although training goes on again.
test('a step that is only late is no standstill any more when it comes', async () => {
  const opened = await open();
  await train(opened);
  for (const at of [0, 1]) for (const worker of [a, b]) await opened.say(worker, committed(at));
  await beat(opened, 200_000);
  assert.notEqual(opened.coordinator.unhealthy, null);
  for (const worker of [a, b]) await opened.say(worker, committed(2));
  await opened.wait(1000);
  assert.equal(opened.coordinator.unhealthy, null);
});

// Would catch a worker that died, came back under its name and is told to begin from nothing: it
// would wait for a plan that is long gone, and everyone for it.
test('a member that was started again ends the run at once', async () => {
  const opened = await open();
  await train(opened);
  for (const worker of [a, b]) await opened.say(worker, committed(0));
  await opened.say(b, { ...join, pid: 2 } as FromWorker);
  const outcome = await opened.coordinator.outcome;
  assert.equal(outcome.kind === 'failed' ? outcome.code : null, 'MEMBER_RESTARTED');
  assert.match(
    outcome.kind === 'failed' ? outcome.message : '',
    /^worker-1 was started again \(pid 2 on h\) when 1 steps were committed/,
  );
});

// Would catch a coordinator that stood still (SIGSTOP, a closed lid) and takes that for the silence of
// a healthy member; and one that, once awake, waits for the dead for ever.
test("time in which the coordinator stood still is nobody's silence", async () => {
  const opened = await open({}, true);
  await train(opened);
  opened.pass(6000);
  await opened.wait(0);
  assert.equal(opened.coordinator.unhealthy, null);
  for (let tick = 0; tick < 24; tick++) await opened.wait(100);
  assert.equal(opened.coordinator.unhealthy, null);
  for (let tick = 0; tick < 12; tick++) await opened.wait(100);
  const outcome = await opened.coordinator.outcome;
  assert.equal(outcome.kind === 'failed' ? outcome.code : null, 'MEMBER_LOST');
});

// Would catch workers that give up a coordinator which reads a large dataset before it says anything, and a
// membership that forms without one.
test('heartbeats go on while the dataset is opened, and the membership waits for it', async () => {
  let opened: (prepared: Prepared) => void = () => undefined;
  const prepared = new Promise<Prepared>((resolve) => {
    opened = resolve;
  });
  const coordinator = await open({ prepared });
  for (const second of Array(200).keys()) {
    for (const worker of [a, b]) await coordinator.say(worker, join);
    await coordinator.wait(1000);
    assert.equal(coordinator.said.length, second + 2);
  }
  assert.ok(coordinator.said.every(({ kind }) => kind === 'heartbeat'));
  const waiting = coordinator.events.flatMap((event) =>
    event.kind === 'waiting' ? [event.reason] : [],
  );
  assert.deepEqual(waiting, ['the dataset is being opened']);
  opened({ dataset: { directory: '/d', digest: 'd' }, totalSteps: 20, plans: emptyPlans });
  await settle();
  await coordinator.wait(100);
  assert.ok(coordinator.said.some(({ kind }) => kind === 'membership'));
});

// Would catch a dataset that cannot be opened and leaves everyone waiting, or loses its code.
test('a dataset that cannot be opened ends the run with its own code', async () => {
  const error = Object.assign(new Error('no dataset there'), { code: 'NOT_A_DATASET' });
  const opened = await open({ prepared: Promise.reject(error) });
  const outcome = await opened.coordinator.outcome;
  assert.equal(outcome.kind === 'failed' ? outcome.code : null, 'NOT_A_DATASET');
  await settle();
  assert.equal(opened.said.at(-1)?.kind, 'abort');
});
