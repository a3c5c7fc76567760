import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeControl, type OperatorRequest } from '../../shared/messages/cluster/control.js';
import { controlSubject } from '../../shared/subjects.js';
import { run } from '../run-fixture.js';
import { CoordinatedCluster, trainingCluster } from './coordinator-fixture.js';
import type { ScriptedWorker } from './scripted-worker-fixture.js';

type Wish =
  | { readonly kind: 'pause' | 'go-on' | 'checkpoint' }
  | { readonly kind: 'drain'; readonly worker: string };

const upTo = (steps: number) => Array.from({ length: steps }, (_, step) => step);

const idOf = (number: number): string => number.toString(16).padStart(16, '0');

async function ask(cluster: CoordinatedCluster, wish: Wish, number: number): Promise<void> {
  const request = { ...wish, by: 'ann@host', id: idOf(number) } as OperatorRequest;
  cluster.hub.open().publish(controlSubject(run), encodeControl(request));
  await cluster.pass(200);
}

/** Members commit what is planned, and no more: nobody has the plan of another step. */
async function trainPlanned(cluster: CoordinatedCluster, most = 40): Promise<void> {
  for (let step = 0; step < most; step++) {
    const planned = Math.max(-1, ...(await cluster.plannedSteps()));
    for (const worker of cluster.workers) {
      if (worker.phase === 'training' && worker.steps <= planned) worker.commit();
    }
    await cluster.pass(100);
  }
}

const workerOf = ({ workers }: CoordinatedCluster, index: number) =>
  workers[index] as ScriptedWorker;

// Would catch a pause that members come to after different steps, and one that never comes or ends.
test('a paused run stands after the last step whose plan is out, and goes on with the next', async () => {
  const cluster = await trainingCluster();
  await cluster.steps(3);
  await ask(cluster, { kind: 'pause' }, 1);
  await trainPlanned(cluster);
  const [paused] = await cluster.entries('paused');
  assert.deepEqual([paused?.by, paused?.committedSteps], ['ann@host', 3]);
  assert.deepEqual(await cluster.committed(), upTo(paused?.standsAt ?? 0));
  assert.ok((paused?.standsAt ?? 0) < 20);
  assert.equal(workerOf(cluster, 0).lead?.paused, true);
  await ask(cluster, { kind: 'go-on' }, 2);
  await trainPlanned(cluster);
  assert.deepEqual(await cluster.committed(), upTo(20));
});

// Would catch a request that is late on its way, and pauses what somebody has let go on since.
test('a repetition of a pause that was undone changes nothing', async () => {
  const cluster = await trainingCluster();
  await ask(cluster, { kind: 'pause' }, 1);
  await ask(cluster, { kind: 'go-on' }, 2);
  await ask(cluster, { kind: 'pause' }, 1);
  assert.equal((await cluster.entries('paused')).length, 1);
  assert.equal(workerOf(cluster, 0).lead?.paused, false);
});

// Would catch a pause that ends the run as a standstill, is told as one, or stands in a step's time.
test('a pause of any length is no standstill, and no part of a step', async () => {
  const cluster = await trainingCluster();
  await cluster.steps(8);
  await ask(cluster, { kind: 'pause' }, 1);
  await trainPlanned(cluster, 15);
  await cluster.pass(4_000_000 / 20);
  const [standing] = cluster.coordinators;
  assert.equal(standing?.outcome, null);
  assert.equal(standing?.coordinator.unhealthy, null);
  assert.deepEqual(await cluster.entries('notice'), []);
  await ask(cluster, { kind: 'go-on' }, 2);
  await trainPlanned(cluster, 3);
  const seconds = (await cluster.entries('committed')).map((entry) => entry.seconds);
  assert.ok(Math.max(...seconds) < 5, `a step took ${Math.max(...seconds)} s`);
});

// Would catch a newcomer that waits for a step's end that never comes, or a pause that trains for it.
test('workers come and go while the run stands, without another step', async () => {
  const cluster = await trainingCluster();
  await cluster.steps(2);
  await ask(cluster, { kind: 'pause' }, 1);
  await trainPlanned(cluster, 15);
  const stood = await cluster.committed();
  cluster.worker('w2');
  await cluster.pass(5000);
  assert.deepEqual(
    (await cluster.record())?.members.map(({ worker }) => worker),
    ['w0', 'w1'],
    'two lanes are for two',
  );
  workerOf(cluster, 1).frozen = true;
  await cluster.pass(5000);
  const names = (await cluster.record())?.members.map(({ worker }) => worker);
  assert.deepEqual(names, ['w0', 'w2']);
  assert.notEqual((await cluster.record())?.start, null);
  assert.deepEqual(await cluster.committed(), stood);
  await ask(cluster, { kind: 'go-on' }, 2);
  await trainPlanned(cluster, 3);
  const [recovered] = await cluster.entries('recovered');
  assert.deepEqual([recovered?.cause, recovered?.recomputedSteps], ['lost', 0]);
  assert.ok((recovered?.lostSeconds ?? 9) < 1, 'the pause is no loss');
});

// Would catch a change that was planned for the end of a step behind which the run stands.
test('a change that is under way when the run comes to stand is made at once', async () => {
  const cluster = new CoordinatedCluster();
  await cluster.coordinator({ replicas: 1 });
  const first = cluster.worker('w0');
  await cluster.pass(1000);
  first.lingers = true;
  await cluster.steps(1);
  await ask(cluster, { kind: 'pause' }, 1);
  cluster.worker('w1');
  await cluster.pass(5000);
  const planned = await cluster.record();
  assert.deepEqual([planned?.planned, planned?.start], [true, null]);
  await trainPlanned(cluster, 15);
  await cluster.pass(3000);
  const record = await cluster.record();
  assert.equal(record?.planned, false);
  assert.notEqual(record?.start, null);
  assert.equal(record?.members.length, 2);
});

// Would catch a successor that trains on although somebody has paused the run.
test('the successor of a killed leader stays paused', async () => {
  const cluster = await trainingCluster();
  await cluster.coordinator();
  await cluster.steps(2);
  await ask(cluster, { kind: 'pause' }, 1);
  await trainPlanned(cluster, 15);
  const stood = await cluster.committed();
  const [first] = cluster.coordinators;
  if (first !== undefined) first.frozen = true;
  await cluster.pass(20_000);
  assert.equal((await cluster.entries('led')).length, 2);
  assert.deepEqual(
    (await cluster.entries('notice')).map(({ text }) => text),
    ['the run is still paused, by ann@host: "lockstep continue test" lets it go on'],
  );
  await trainPlanned(cluster, 5);
  assert.deepEqual(await cluster.committed(), stood);
  await ask(cluster, { kind: 'go-on' }, 2);
  await trainPlanned(cluster, 3);
  assert.equal((await cluster.committed()).length, stood.length + 3);
});

// Would catch a stop of which no member hears, since they agree on it in a step that is not planned.
test('who stops a paused run lets it train one more step', async () => {
  const cluster = await trainingCluster();
  await cluster.steps(2);
  await ask(cluster, { kind: 'pause' }, 1);
  await trainPlanned(cluster, 15);
  const { length } = await cluster.committed();
  cluster.coordinators[0]?.coordinator.stop('ann@host');
  await cluster.pass(200);
  await trainPlanned(cluster, 1);
  for (const worker of cluster.workers) worker.finish(undefined, true);
  await cluster.pass(2000);
  assert.equal((await cluster.committed()).length, length + 1);
  assert.equal((await cluster.entries('finished'))[0]?.result.stopped, true);
});

// Would catch a wish that is forgotten with its leader or writer, and one that lasts for ever.
test('a checkpoint is wished for until there is one of as many steps', async () => {
  const cluster = await trainingCluster();
  await ask(cluster, { kind: 'checkpoint' }, 1);
  const [refused] = await cluster.entries('refused-request');
  assert.equal(refused?.reason, 'no step is committed yet');
  await cluster.steps(3);
  await ask(cluster, { kind: 'checkpoint' }, 2);
  await cluster.pass(1000);
  assert.equal(workerOf(cluster, 1).lead?.checkpointWish, 3);
  const path = '/c/step-00000003';
  workerOf(cluster, 0).report({ kind: 'checkpointed', committedSteps: 3, path, seconds: 1 });
  await cluster.pass(1000);
  assert.equal(workerOf(cluster, 1).lead?.checkpointWish, null);
  await ask(cluster, { kind: 'checkpoint' }, 3);
  const asked = await cluster.entries('asked-checkpoint');
  assert.deepEqual(
    asked.map((entry) => entry.path),
    [null, path],
  );
});

// Would catch a drain of whoever comes next under the name, and one that leaves too few.
test('a worker that is drained is named with its incarnation, and the last one stays', async () => {
  const cluster = await trainingCluster();
  await cluster.steps(1);
  await ask(cluster, { kind: 'drain', worker: 'w7' }, 1);
  assert.deepEqual(await cluster.entries('refused-request'), [], 'it has not heard all yet');
  await cluster.pass(2000);
  await ask(cluster, { kind: 'drain', worker: 'w7' }, 1);
  await ask(cluster, { kind: 'drain', worker: 'w1' }, 2);
  const worker = workerOf(cluster, 1);
  assert.deepEqual(workerOf(cluster, 0).lead?.draining, [
    { worker: 'w1', incarnation: worker.incarnation },
  ]);
  worker.say({ leaving: true });
  await cluster.pass(2000);
  assert.deepEqual(
    (await cluster.record())?.members.map(({ worker: name }) => name),
    ['w0'],
  );
  worker.frozen = true;
  await ask(cluster, { kind: 'drain', worker: 'w0' }, 3);
  const refusals = (await cluster.entries('refused-request')).map(({ reason }) => reason);
  assert.deepEqual(refusals, [
    'no worker of the name "w7" lives: there are w0, w1',
    '0 of at least 1 worker would be left',
  ]);
  cluster.worker('w1', 2);
  await cluster.pass(1000);
  assert.deepEqual(workerOf(cluster, 0).lead?.draining, []);
});
