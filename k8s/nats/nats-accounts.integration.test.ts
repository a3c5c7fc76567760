/** Accounts on real servers: what a job's processes may, what another job's may not, and what stays. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { openAccountServer } from '../../bus/nats-account-server.js';
import { openNatsBus } from '../../bus/nats-bus.js';
import { readNatsOptions } from '../../process/nats/nats-options.js';
import {
  type Bus,
  BusAwayError,
  BusLostError,
  BusRefusedError,
  BusUnauthorizedError,
} from '../../shared/bus.js';
import { jobId, runId, step, workerId } from '../../shared/ids.js';
import type { NatsAddress } from '../../shared/nats-address.js';
import {
  claimKey,
  claimsBucket,
  everyPlanSubject,
  everyWorkerSubject,
  filesBucket,
  logStream,
  logSubject,
  planStream,
  planSubject,
  workerSubject,
} from '../../shared/subjects.js';
import { millis } from '../../shared/units.js';
import { type JobIdentity, jobCredentials } from './credentials.js';
import { deriveKeys } from './keys.js';
import { NatsAccounts } from './nats-accounts.js';
import { type OperatorServers, startOperatorServers } from './operator-servers-fixture.js';
import { controllerCreds } from './server-auth.js';

const keys = deriveKeys(new Uint8Array(32).fill(7));
const mine: JobIdentity = { uid: 'uid-of-mine', name: 'mine' };
const other: JobIdentity = { uid: 'uid-of-other', name: 'other' };
const run = { job: jobId('mine'), run: runId('t0123456789abcdef') };
const one = Uint8Array.of(49);
const folder = mkdtempSync(join(tmpdir(), 'lockstep-accounts-'));
const closing: (() => Promise<void>)[] = [
  () => Promise.resolve(rmSync(folder, { recursive: true })),
];
after(async () => {
  for (const close of closing.reverse()) await close();
});

async function start(count: 1 | 3): Promise<OperatorServers> {
  const servers = await startOperatorServers(keys, count);
  closing.push(() => servers.stop());
  return servers;
}

/** As a pod reads it: the address from the environment, who one is from a mounted file. */
function addressOf(url: string, creds: string): NatsAddress {
  const file = join(folder, 'user.creds');
  writeFileSync(file, creds);
  const environment = { LOCKSTEP_NATS_URL: url, LOCKSTEP_NATS_CREDENTIALS_FILE: file };
  return readNatsOptions(environment).address;
}

async function open(url: string, creds: string, replicas = 1): Promise<Bus> {
  const bus = await openNatsBus({
    url: addressOf(url, creds),
    name: 'test',
    reconnect: replicas > 1,
    replicas,
  });
  closing.push(() => bus.close());
  return bus;
}

/** The same user, until the second second of 1970. */
function expiredCreds(creds: string, { uid }: JobIdentity): string {
  const token = creds.split('\n').find((line) => line.startsWith('ey')) as string;
  const [header, body] = token.split('.') as [string, string];
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8'));
  const aged = Buffer.from(JSON.stringify({ ...claims, exp: 2 })).toString('base64url');
  const signature = keys.account(uid).sign(new TextEncoder().encode(`${header}.${aged}`));
  const signed = `${header}.${aged}.${Buffer.from(signature).toString('base64url')}`;
  return creds.replace(token, signed);
}

function accountsOf(url: string, servers: 1 | 3): NatsAccounts {
  const address = addressOf(url, controllerCreds(keys));
  const accounts = new NatsAccounts({ keys, address, servers });
  closing.push(() => accounts.close());
  return accounts;
}

/** A cluster that has just started elects first; what was asked for meanwhile is asked for again. */
async function insisting<Result>(work: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof BusAwayError)) throw error;
    }
  }
}

/** Everything that a run stores. */
async function startRun(bus: Bus): Promise<void> {
  const plans = await insisting(() => bus.ensureStream(planStream(run), everyPlanSubject(run)));
  await insisting(() => plans.publish(planSubject(run, step(0), 'shared'), one, 'plan'));
  const log = await insisting(() => bus.ensureLog(logStream(run), logSubject(run)));
  await insisting(() => log.append(one, 0));
  const files = await insisting(() => bus.openObjects(filesBucket(run)));
  await files.put(
    'file',
    (async function* () {
      yield one;
    })(),
  );
  const values = await insisting(() => bus.openValues(claimsBucket));
  await insisting(() => values.put(claimKey(run), one, 0));
}

// Would catch users who are refused what a run consists of, or who are let into what is not theirs.
test('nats accounts: a job works under its credentials, and nobody else does', async () => {
  const { streamsOnDisk, url } = await start(1);
  const credentials = jobCredentials(keys, mine, 1);
  await assert.rejects(open(url, credentials.coordinatorCreds), BusUnauthorizedError);

  const accounts = accountsOf(url, 1);
  await accounts.push(credentials.accountJwt);
  await accounts.push(credentials.accountJwt);
  const coordinator = await open(url, credentials.coordinatorCreds);
  await startRun(coordinator);

  const worker = await open(url, credentials.workerCreds);
  const plans = await worker.openStream(planStream(run));
  const seen: string[] = [];
  const arrived = new Promise<void>((resolve) => {
    void plans.read([everyPlanSubject(run)], (_, subject) => resolve(void seen.push(subject)));
  });
  await arrived;
  assert.deepEqual(seen, [planSubject(run, step(0), 'shared')]);
  await assert.rejects(
    plans.publish(planSubject(run, step(1), 'shared'), one, 'x'),
    BusRefusedError,
  );
  const heard = new Promise<string>((resolve) => {
    coordinator.subscribe(everyWorkerSubject(run), (_, subject) => resolve(subject));
  });
  await coordinator.flush();
  worker.publish(workerSubject(run, workerId('w')), one);
  assert.equal(await heard, workerSubject(run, workerId('w')));
  const watcher = await open(url, credentials.watcherCreds);
  await assert.rejects(
    (await watcher.openStream(planStream(run))).read([everyPlanSubject(run)], () => undefined),
    BusRefusedError,
  );

  // Another job: of this one it sees nothing, and its token opens nothing under this one's seed.
  const others = jobCredentials(keys, other, 1);
  await accounts.push(others.accountJwt);
  const stranger = await open(url, others.coordinatorCreds);
  assert.deepEqual(await stranger.names(), { streams: [], objects: [] });
  await assert.rejects(stranger.openStream(planStream(run)), BusRefusedError);
  const seed = /SU[A-Z2-7]{56}/;
  const forged = credentials.coordinatorCreds.replace(
    seed,
    seed.exec(others.coordinatorCreds)?.[0] ?? '',
  );
  await assert.rejects(open(url, forged), BusUnauthorizedError);
  const ofOtherKeys = deriveKeys(new Uint8Array(32).fill(8));
  await assert.rejects(
    open(url, jobCredentials(ofOtherKeys, mine).coordinatorCreds),
    BusUnauthorizedError,
  );
  const foreign = new NatsAccounts({
    keys: ofOtherKeys,
    address: addressOf(url, controllerCreds(keys)),
    servers: 1,
  });
  await assert.rejects(
    foreign.push(jobCredentials(ofOtherKeys, mine).accountJwt),
    BusUnauthorizedError,
  );

  // Would catch half a minute of patience with a token that will be no younger in a moment.
  const expired = openNatsBus({
    url: addressOf(url, expiredCreds(credentials.workerCreds, mine)),
    name: 'expired',
    reconnect: true,
    patience: millis(3_600_000),
  });
  await assert.rejects(expired, BusUnauthorizedError);

  // Removal: the users are cut off, and nothing stays.
  const account = keys.account(mine.uid).publicKey;
  assert.equal(streamsOnDisk(account).length, 4);
  await accounts.remove(mine.uid, mine.name);
  assert.ok((await coordinator.closed) instanceof BusLostError);
  await assert.rejects(open(url, credentials.coordinatorCreds), BusUnauthorizedError);
  assert.deepEqual(streamsOnDisk(account), []);
  await accounts.remove(mine.uid, mine.name);
  assert.deepEqual(await stranger.names(), { streams: [], objects: [] });
});

// Would catch an account that one server of three knows, and streams that a removal leaves on the others.
test('nats accounts: of a cluster every server knows an account, and none after its removal', async () => {
  const { servers, streamsOnDisk } = await start(3);
  const account = keys.account(mine.uid).publicKey;
  const urls = servers.map(({ port }) => `nats://127.0.0.1:${port}`);
  const accounts = accountsOf(urls[0] ?? '', 3);
  const credentials = jobCredentials(keys, mine);
  await accounts.push(credentials.accountJwt);
  const first = await open(urls[0] ?? '', credentials.coordinatorCreds, 3);
  await startRun(first);
  // Those that were not asked before ask the first one.
  const second = await open(urls[1] ?? '', credentials.coordinatorCreds, 3);
  const third = await open(urls[2] ?? '', credentials.coordinatorCreds, 3);
  const stored = await insisting(() => second.names());
  assert.equal(stored.streams.length + stored.objects.length, 4);

  // One server is lost: accounts are still made and removed.
  await servers[2]?.kill();
  await insisting(() => accounts.push(jobCredentials(keys, other).accountJwt));
  await insisting(() => accounts.remove(mine.uid, mine.name));
  await assert.rejects(open(urls[0] ?? '', credentials.coordinatorCreds), BusUnauthorizedError);
  while (streamsOnDisk(account).some((stream) => !stream.startsWith('nats-2/')))
    await setTimeout(20);
  assert.ok(streamsOnDisk(account).length > 0, 'the server that is away still has its copies');
  await Promise.all([first, second, third].map((bus) => bus.close()));
});

// Would catch a controller that may read or change what is of the jobs.
test('nats accounts: the controller may change accounts and nothing else', async () => {
  const { url } = await start(1);
  const address = addressOf(url, controllerCreds(keys));
  const server = await openAccountServer({ address, name: 'test' });
  closing.push(() => server.close());
  const account = keys.account(mine.uid).publicKey;
  assert.equal(await server.lookup(account), null);
  const { accountJwt } = jobCredentials(keys, mine);
  await server.update(accountJwt);
  assert.equal(await server.lookup(account), accountJwt);
  await assert.rejects(server.update('no token'), /nats-server says/);
  const bus = await openNatsBus({ url: address, name: 'test' });
  closing.push(() => bus.close());
  await assert.rejects(bus.names(), BusRefusedError);
});
