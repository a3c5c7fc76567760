/** What each role may do on a real server, and that nothing else is allowed. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect, type NatsConnection, type NatsError } from 'nats';
import { type GuardedServer, startGuardedServer } from '../process/nats/guarded-server.js';
import { type NatsRole, natsUsersText } from '../process/nats/nats-roles.js';
import { findNatsServer } from '../process/nats/project-nats-server.js';
import { type Bus, BusRefusedError } from '../shared/bus.js';
import { jobId, lane, runId, step, workerId } from '../shared/ids.js';
import {
  claimKey,
  claimsBucket,
  controlSubject,
  coordinatorSubject,
  everyPlanSubject,
  everyWorkerSubject,
  filesBucket,
  generationKey,
  logStream,
  logSubject,
  planPartsSubject,
  planStream,
  planSubject,
  progressSubject,
  workerSubject,
} from '../shared/subjects.js';
import { Collector, LogCollector } from './bus.contract.js';
import { openNatsBus } from './nats-bus.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-roles-'));
const run = { job: jobId('mine'), run: runId('t0123456789abcdef') };
const passwords = { coordinator: 'c0', worker: 'w0', watcher: 'v0' };
const one = Uint8Array.of(49);
const opened: Bus[] = [];
let server: GuardedServer;

// As an administrator would: a file for each job, included in the accounts.
before(async () => {
  const directory = join(folder, 'server');
  mkdirSync(directory);
  for (const job of ['mine', 'other', 'empty']) {
    writeFileSync(join(directory, `${job}.conf`), natsUsersText(job, passwords));
  }
  writeFileSync(
    join(directory, 'nats.conf'),
    `listen: "127.0.0.1:-1"
ports_file_dir: ${JSON.stringify(directory)}
jetstream { store_dir: ${JSON.stringify(join(directory, 'jetstream'))} }
accounts {
  include mine.conf
  include other.conf
  include empty.conf
}
`,
  );
  server = await startGuardedServer({
    binary: findNatsServer(),
    directory,
    logFile: join(folder, 'server.log'),
  });
});

after(async () => {
  await Promise.all(opened.map((bus) => bus.close()));
  await server.stop();
  rmSync(folder, { recursive: true });
});

const urlOf = (role: NatsRole, job: string): string =>
  `nats://${job}-${role}:${passwords[role]}@127.0.0.1:${server.port}`;

async function open(role: NatsRole, job = 'mine'): Promise<Bus> {
  const bus = await openNatsBus({ url: urlOf(role, job), name: role });
  opened.push(bus);
  return bus;
}

/** A run with a plan, a log, a file and a generation, as a coordinator makes it. */
async function startRun(): Promise<Bus> {
  const bus = await open('coordinator');
  const plans = await bus.createStream(planStream(run), everyPlanSubject(run));
  await plans.publish(planSubject(run, step(0), 'shared'), one, 'plan');
  await (await bus.ensureLog(logStream(run), logSubject(run))).append(one, 0);
  const files = await bus.openObjects(filesBucket(run));
  await files.put('file', oneChunk());
  const values = await bus.openValues(claimsBucket);
  for (const key of [claimKey(run), generationKey(run)]) {
    assert.ok((await values.put(key, one, (await values.get(key))?.revision ?? 0)) !== null);
  }
  return bus;
}

async function* oneChunk(): AsyncGenerator<Uint8Array> {
  yield one;
}

// Would catch rights that leave out a request that reading, watching or reporting consists of.
test('roles: a coordinator, a worker and a watcher may do all that a run needs', async () => {
  const coordinator = await startRun();
  const reports = new Collector();
  coordinator.subscribe(everyWorkerSubject(run), reports.handler);
  coordinator.subscribe(controlSubject(run), reports.handler);
  await coordinator.flush();

  const worker = await open('worker');
  const told = new Collector();
  worker.subscribe(coordinatorSubject(run), told.handler);
  const plans = new Collector();
  const stream = await worker.openStream(planStream(run));
  await stream.read(
    [planPartsSubject(run, 'shared'), planPartsSubject(run, lane(1))],
    plans.handler,
  );
  assert.equal((await plans.until(1)).length, 1);
  for await (const chunk of (await (await worker.openObjects(filesBucket(run))).get('file')) ??
    []) {
    assert.deepEqual([...chunk], [...one]);
  }
  const records = new Collector();
  await (await worker.openValues(claimsBucket)).watch(generationKey(run), (value) =>
    records.handler(value?.data ?? new Uint8Array(), ''),
  );
  assert.deepEqual(await records.until(1), ['1']);

  const watcher = await open('watcher');
  const progress = new Collector();
  watcher.subscribe(progressSubject(run), progress.handler);
  const entries = new LogCollector();
  await (await watcher.openLog(logStream(run))).read(1, entries.handler);
  assert.deepEqual(await entries.until(1), ['1:1']);
  const values = await watcher.openValues(claimsBucket);
  assert.ok((await values.get(claimKey(run))) !== null);
  await Promise.all([worker.flush(), watcher.flush()]);

  worker.publish(workerSubject(run, workerId('worker-0')), one);
  watcher.publish(controlSubject(run), one);
  assert.deepEqual(await reports.until(2), ['1', '1']);
  coordinator.publish(coordinatorSubject(run), one);
  coordinator.publish(progressSubject(run), one);
  assert.deepEqual([await told.until(1), await progress.until(1)], [['1'], ['1']]);
});

// Would catch a worker, or whoever has read its secret, who decides what is trained on or counted.
test('roles: a worker changes nothing of the plans, the log, the files and the values', async () => {
  await startRun();
  const worker = await open('worker');
  const plans = await worker.openStream(planStream(run));
  const log = await worker.openLog(logStream(run));
  const values = await worker.openValues(claimsBucket);
  const revision = (await values.get(claimKey(run)))?.revision ?? 0;
  const files = await worker.openObjects(filesBucket(run));
  const subject = planSubject(run, step(1), 'shared');
  const refused: (() => Promise<unknown>)[] = [
    () => plans.publish(subject, one, 'forged'),
    () => plans.purge(subject),
    () => plans.remove(),
    () => log.append(one, 1),
    () => log.remove(),
    () => values.put(claimKey(run), one, revision),
    () => values.remove(claimKey(run), revision),
    () => files.remove(),
    () => worker.createStream('theirs', 'theirs.>'),
    () => worker.ensureLog('theirs', 'theirs'),
  ];
  for (const attempt of refused) await assert.rejects(attempt(), BusRefusedError);
});

// Would catch an onlooker who can read what is trained on or what is held, or speak for a member.
test('roles: a watcher reads no plan and no report, and says nothing but that it wants an end', async () => {
  await startRun();
  const watcher = await open('watcher');
  const plans = await watcher.openStream(planStream(run));
  await assert.rejects(
    plans.read([everyPlanSubject(run)], () => undefined),
    BusRefusedError,
  );
  await assert.rejects(plans.remove(), BusRefusedError);
  const log = await watcher.openLog(logStream(run));
  await assert.rejects(log.append(one, 1), BusRefusedError);
  const client = await connect({
    servers: `127.0.0.1:${server.port}`,
    user: 'mine-watcher',
    pass: passwords.watcher,
  });
  for (const subject of [workerSubject(run, workerId('w')), coordinatorSubject(run)]) {
    assert.equal(
      await refusalOf(client, () => client.publish(subject, one)),
      'PERMISSIONS_VIOLATION',
    );
  }
  // Also not what others are answered: every role has an inbox of its own.
  for (const subject of [everyWorkerSubject(run), '_INBOX.>', '_INBOX_mine-coordinator.>', '>']) {
    const listen = (): void => void client.subscribe(subject, { callback: () => undefined });
    assert.equal(await refusalOf(client, listen), 'PERMISSIONS_VIOLATION', subject);
  }
  await client.close();
});

// Would catch a worker that ends, and an onlooker who reads of permissions, before the first run.
test('roles: where no run has been yet, a worker and a watcher find none', async () => {
  for (const role of ['worker', 'watcher'] as const) {
    const bus = await open(role, 'empty');
    assert.equal(await bus.findValues(claimsBucket), null);
    await assert.rejects(bus.openValues(claimsBucket), BusRefusedError);
  }
});

// Would catch a job whose processes see, or change, what another job of the same server has.
test('roles: what is of one job does not exist for the users of another', async () => {
  const mine = await startRun();
  const heard = new Collector();
  mine.subscribe(everyWorkerSubject(run), heard.handler);
  await mine.flush();
  const other = await open('coordinator', 'other');
  assert.deepEqual(await other.names(), { streams: [], objects: [] });
  await assert.rejects(other.openStream(planStream(run)), BusRefusedError);
  await assert.rejects(other.openLog(logStream(run)), BusRefusedError);
  assert.equal(await (await other.openValues(claimsBucket)).get(claimKey(run)), null);
  const client = await connect({
    servers: `127.0.0.1:${server.port}`,
    user: 'other-coordinator',
    pass: passwords.coordinator,
  });
  const speak = (): void => client.publish(workerSubject(run, workerId('w')), one);
  assert.equal(await refusalOf(client, speak), 'PERMISSIONS_VIOLATION');
  await client.close();
  await mine.flush();
  assert.deepEqual(heard.texts, []);
});

/** The code with which the server answers to what the client does. */
async function refusalOf(client: NatsConnection, act: () => void): Promise<string> {
  const answer = (async () => {
    for await (const { data, type } of client.status()) {
      if (type === 'error') return String(data);
    }
    return 'closed';
  })();
  act();
  await client.flush().catch((error: NatsError) => error.code);
  return answer;
}
