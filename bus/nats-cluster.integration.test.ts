/** Several servers, encrypted connections, and strangers who change what is stored. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connect, DiscardPolicy } from 'nats';
import { makeCertificate } from '../process/certificate-fixture.js';
import { type LocalNatsServer, startLocalNatsServer } from '../process/nats/local-nats-server.js';
import { readNatsOptions } from '../process/nats/nats-options.js';
import { findNatsServer } from '../process/nats/project-nats-server.js';
import { type Bus, BusLostError, BusRefusedError, BusUntrustedError } from '../shared/bus.js';
import { busEndedLogAge, busLogAge, busLogAgeInterval } from '../shared/limits.js';
import { millis } from '../shared/units.js';
import { Collector, LogCollector } from './bus.contract.js';
import { insisting, stateOf } from './bus-restart.contract.js';
import { type NatsBusOptions, openNatsBus } from './nats-bus.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-cluster-'));
const passwords = { coordinator: 'c0', worker: 'w0', watcher: 'v0' };
const servers: LocalNatsServer[] = [];
const opened: Bus[] = [];
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

after(async () => {
  await Promise.all(opened.map((bus) => bus.close()));
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(folder, { recursive: true });
});

async function start(name: string, configuration = ''): Promise<LocalNatsServer> {
  const directory = join(folder, name);
  const logFile = join(folder, `${name}.log`);
  const binary = findNatsServer();
  const server = await startLocalNatsServer({
    binary,
    directory,
    logFile,
    configuration,
    passwords,
  });
  servers.push(server);
  return server;
}

async function open(options: NatsBusOptions): Promise<Bus> {
  const bus = await openNatsBus(options);
  opened.push(bus);
  return bus;
}

async function freePorts(count: number): Promise<number[]> {
  const held = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(
    held.map((server) => new Promise((resolve) => server.once('listening', resolve))),
  );
  const ports = held.map((server) => (server.address() as { port: number }).port);
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

// Would catch copies that are none, a client that knows one server only, and a reader that waits for the
// consumer that died with its server.
test('nats bus: a cluster of three goes on without the one that is killed', async () => {
  const routes = await freePorts(3);
  const cluster = await Promise.all(
    routes.map((port, index) =>
      start(
        `cluster-${index}`,
        `server_name: "cluster-${index}"
cluster { name: "c", listen: "127.0.0.1:${port}", routes: [${routes.map((route) => `"nats://127.0.0.1:${route}"`).join(', ')}] }`,
      ),
    ),
  );
  // Of the first one only: it tells about the others.
  const options = { url: cluster[0]?.url ?? '', name: 'cluster', reconnect: true, replicas: 3 };
  const [writer, follower] = [await open(options), await open(options)];
  const log = await insisting(writer, () => writer.ensureLog('log', 'log.entry'));
  const values = await insisting(writer, () => writer.openValues('values'));
  const entries = new LogCollector();
  const reading = await insisting(follower, () => follower.openLog('log'));
  await insisting(follower, () => reading.read(1, entries.handler));
  let revision = 0;
  for (let round = 1; round <= 40; round++) {
    if (round === 20) process.kill(cluster[0]?.pid ?? 0, 'SIGKILL');
    assert.equal(await insisting(writer, () => log.append(bytesOf(`${round}`), round - 1)), round);
    const put = await insisting(writer, () => values.put('key', bytesOf(`${round}`), revision));
    assert.ok(put !== null && put > revision);
    revision = put;
  }
  const rounds = Array.from({ length: 40 }, (_, index) => `${index + 1}:${index + 1}`);
  assert.deepEqual(await entries.until(40), rounds);
});

// Would catch a connection in the clear, one to whoever answers, and a client that shows no certificate.
test('nats bus: an encrypted connection trusts the named certificate alone, and shows its own', async () => {
  const [ours, foreign] = [makeCertificate(), makeCertificate()];
  const path = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const [cert, key] = [path('cert.pem', ours.certificate), path('key.pem', ours.key)];
  const files = `cert_file: "${cert}", key_file: "${key}", ca_file: "${cert}", verify: true`;
  const server = await start('tls', `tls { ${files} }`);
  const environment = {
    LOCKSTEP_NATS_URL: server.url.replace('nats://', 'tls://').replace(/\/\/.*@/, '//'),
    LOCKSTEP_NATS_CREDENTIALS_FILE: path('user', 'coordinator:c0'),
    LOCKSTEP_NATS_CA_FILE: cert,
    LOCKSTEP_NATS_CERT_FILE: cert,
    LOCKSTEP_NATS_KEY_FILE: key,
  };
  const bus = await open({ url: readNatsOptions(environment).address, name: 'tls' });
  await bus.ensureStream('tls', 'tls.>');
  const wrong = { LOCKSTEP_NATS_CA_FILE: path('foreign.pem', foreign.certificate) };
  const bare = { LOCKSTEP_NATS_CERT_FILE: '', LOCKSTEP_NATS_KEY_FILE: '' };
  const { address } = readNatsOptions({ ...environment, ...bare });
  await assert.rejects(openNatsBus({ url: address, name: 'tls' }), BusLostError);

  // None of these heals: would catch half a minute of patience with a mistake, and one that nobody can read.
  const plain = await start('plain');
  const atPlain = { LOCKSTEP_NATS_URL: plain.url.replace(/^nats:\/\/.*@/, 'tls://') };
  const inTheClear = {
    LOCKSTEP_NATS_URL: environment.LOCKSTEP_NATS_URL.replace('tls://', 'nats://'),
    LOCKSTEP_NATS_CA_FILE: '',
    ...bare,
  };
  for (const [change, why] of [
    [wrong, /its certificate is not trusted: .*LOCKSTEP_NATS_CA_FILE must/],
    [atPlain, /it has no encryption: LOCKSTEP_NATS_URL must/],
    [inTheClear, /it wants encryption: LOCKSTEP_NATS_URL must/],
  ] as const) {
    const { address: url } = readNatsOptions({ ...environment, ...change });
    const opening = openNatsBus({ url, name: 'tls', patience: millis(3_600_000) });
    await assert.rejects(opening, (error: Error) => {
      assert.ok(error instanceof BusUntrustedError);
      assert.match(error.message, why);
      return true;
    });
  }
});

// Would catch a run that waits for ever, or goes on without what it has lost, where somebody else's commands
// or limits took it away.
test('nats bus: what strangers remove, purge or limit is survived or named', async () => {
  const server = await start('strangers');
  const [bus, stranger] = [
    await open({ url: server.url, name: 'ours', reconnect: true }),
    await connect({
      servers: `127.0.0.1:${new URL(server.url).port}`,
      user: 'coordinator',
      pass: 'c0',
    }),
  ];
  const { streams } = await stranger.jetstreamManager();

  // The plan: its stream is made again, and readers go on with the new one.
  const plan = await bus.ensureStream('plan', 'plan.>');
  const seen = new Collector();
  await plan.read(['plan.>'], seen.handler);
  await plan.publish('plan.1', bytesOf('one'), '1');
  await seen.until(1);
  await streams.delete('plan');
  await assert.rejects(plan.publish('plan.2', bytesOf('two'), '2'), /the stream "plan" is gone/);
  await bus.ensureStream('plan', 'plan.>');
  await plan.publish('plan.2', bytesOf('two'), '2');
  assert.deepEqual(await seen.until(2), ['one', 'two']);
  await streams.purge('plan');
  await plan.publish('plan.3', bytesOf('three'), '3');
  assert.deepEqual(await seen.until(3), ['one', 'two', 'three']);
  await streams.update('plan', { max_msgs: 1, discard: DiscardPolicy.New });
  await assert.rejects(
    plan.publish('plan.4', bytesOf('four'), '4'),
    (error: unknown) =>
      error instanceof BusRefusedError &&
      /"plan.4".* no room.*raise the limits/.test(error.message),
  );

  // The log: it cannot be purged, and its removal ends who reads it with a reason.
  const log = await bus.ensureLog('log', 'log');
  await log.append(bytesOf('one'), 0);
  await assert.rejects(streams.purge('log'));
  await assert.rejects(streams.deleteMessage('log', 1));
  const reader = await log.read(1, () => undefined);
  await streams.delete('log');
  await assert.rejects(log.append(bytesOf('two'), 1), /the stream "log" is gone/);
  assert.match((await reader.ended)?.message ?? '', /Cannot read the log "log"/);

  // A log whose first entries have gone must not look like one that begins later.
  const aged = await bus.ensureLog('aged', 'aged');
  await streams.update('aged', { max_msgs: 1, discard: DiscardPolicy.Old });
  await aged.append(bytesOf('one'), 0);
  await aged.append(bytesOf('two'), 1);
  await assert.rejects(
    aged.read(1, () => undefined),
    /entry 1 is gone/,
  );

  // The values: named, and made again by whoever opens them.
  const values = await bus.openValues('values');
  const revision = await values.put('key', bytesOf('one'), 0);
  await streams.delete('KV_values');
  await assert.rejects(values.put('key', bytesOf('two'), revision ?? 0), /"KV_values" is gone/);
  await bus.openValues('values');
  assert.ok((await values.put('key', bytesOf('two'), 0)) !== null);
  await stranger.close();
});

// Would catch a log whose first entries go away while the run that needs them lasts, or is suspended, and
// one that stays for a year behind a run that is over.
test('nats bus: a log lives for more than a year behind its newest entry, and for a week once it is retired', async () => {
  const { url } = servers.at(-1) as LocalNatsServer;
  let now = 0;
  const clock = { now: () => millis(now) };
  const bus = await open({ url, name: 'ours', clock });
  const log = await bus.ensureLog('long', 'long');
  const stranger = await connect({
    servers: `127.0.0.1:${new URL(url).port}`,
    user: 'coordinator',
    pass: 'c0',
  });
  const { streams } = await stranger.jetstreamManager();
  const age = async (): Promise<number> => (await streams.info('long')).config.max_age / 1e6;
  await log.append(bytesOf('one'), 0);
  await streams.update('long', { max_age: 1e9 * 3600 });
  now += busLogAgeInterval;
  await log.append(bytesOf('two'), 1);
  while ((await age()) < busLogAge) await bus.flush();
  assert.equal(await log.last(), 2);
  await log.retire();
  const retired = await age();
  assert.ok(retired >= busEndedLogAge && retired < 2 * busEndedLogAge, String(retired));
  await log.append(bytesOf('three'), 2);
  while ((await age()) < busLogAge) await bus.flush();
  await stranger.close();
});

// Would catch a bus that tries for ever to reach a server that will never let it in again.
test('nats bus: whom the server does not know any more is told so, for good', async () => {
  const server = await start('forgetful');
  const bus = await open({ url: server.url, name: 'forgotten', reconnect: true });
  process.kill(server.pid, 'SIGKILL');
  await stateOf(bus, 'away');
  const port = Number(new URL(server.url).port);
  const directory = join(folder, 'other');
  const other = await startLocalNatsServer({
    binary: findNatsServer(),
    directory,
    logFile: join(folder, 'other.log'),
    passwords: { ...passwords, coordinator: 'changed' },
    port,
  });
  servers.push(other);
  assert.match((await bus.closed)?.message ?? '', /authorization violation/i);
});
