/** The shell over a bus in memory, with a clock that the test turns. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { step, workerId } from '../shared/ids.js';
import type { FromWorker } from '../shared/messages/messages.js';
import { planMessageId, planStream, planSubject, workerSubject } from '../shared/subjects.js';
import {
  a,
  b,
  committed,
  join,
  openCoordinator as open,
  run,
  settle,
  train,
} from './coordinator-fixture.js';

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
  const opened = await open({ totalSteps: null });
  await train(opened);
  const outcome = await opened.coordinator.outcome;
  assert.equal(outcome.kind === 'failed' ? outcome.code : null, 'CHECKPOINT_MISSING');
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
