import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type LocalNatsServer, startLocalNatsServer } from '../process/nats/local-nats-server.js';
import { findNatsServer } from '../process/nats/project-nats-server.js';
import {
  type Bus,
  BusAwayError,
  BusLostError,
  BusRefusedError,
  BusUnauthorizedError,
} from '../shared/bus.js';
import { jobId, runId, step, workerId } from '../shared/ids.js';
import {
  everyPlanSubject,
  everyWorkerSubject,
  planStream,
  planSubject,
  workerSubject,
} from '../shared/subjects.js';
import { millis } from '../shared/units.js';
import { busContract, Collector, LogCollector } from './bus.contract.js';
import { busRestartContract, insisting, stateOf } from './bus-restart.contract.js';
import { type NatsBusOptions, openNatsBus } from './nats-bus.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-nats-'));

/** A test that fails leaves its servers and buses, and the process would wait for them. */
const servers: LocalNatsServer[] = [];

async function start(name: string): Promise<LocalNatsServer> {
  const server = await startLocalNatsServer({
    binary: findNatsServer(),
    directory: join(folder, name),
    logFile: join(folder, `${name}.log`),
  });
  servers.push(server);
  return server;
}

let server: LocalNatsServer;
let killed: LocalNatsServer;
before(async () => {
  [server, killed] = await Promise.all([start('shared'), start('killed')]);
});
after(async () => {
  await Promise.all(opened.map((bus) => bus.close()));
  await Promise.all(servers.map((one) => one.stop()));
  // The server's own folder must be gone with it.
  assert.equal(existsSync(join(folder, 'shared')), false);
  rmSync(folder, { recursive: true });
});

const opened: Bus[] = [];
async function open(options: NatsBusOptions): Promise<Bus> {
  const bus = await openNatsBus(options);
  opened.push(bus);
  return bus;
}

busContract('nats bus', () => open({ url: server.url, name: 'contract' }));

const openAgain = (): Promise<Bus> => open({ url: killed.url, name: 'contract', reconnect: true });
busContract('nats bus that comes back', openAgain);
busRestartContract('nats bus', openAgain, {
  async kill() {
    process.kill(killed.pid, 'SIGKILL');
    await killed.exited;
  },
  start: () => killed.restart(),
});

// Would catch a pod, or a host just plugged in, that gives up because its server is not there yet.
test('nats bus: a server that is not there yet is waited for, and is told of once', async () => {
  const late = await start('late');
  process.kill(late.pid, 'SIGKILL');
  await late.exited;
  const reasons: string[] = [];
  let restarted: Promise<void> | null = null;
  const bus = await open({
    ...{ url: late.url, name: 'early', patience: millis(60_000) },
    onWait(reason) {
      reasons.push(reason);
      restarted = late.restart();
    },
  });
  await restarted;
  assert.deepEqual(await bus.names().then(({ streams }) => streams), []);
  assert.equal(reasons.length, 1);
  assert.match(reasons[0] ?? '', /Cannot connect to nats-server at .*: tries again for 60 s/);
  await bus.close();
  await late.stop();
});

// Would catch an endless wait, and patience with what will not change.
test('nats bus: patience ends, and there is none for wrong credentials', async () => {
  const patience = millis(1);
  await assert.rejects(
    openNatsBus({ url: 'nats://127.0.0.1:1', name: 'x', patience }),
    BusLostError,
  );
  const wrong = server.url.replace(/:\w+@/, ':geheim@');
  const options = { url: wrong, name: 'x', patience: millis(3_600_000) };
  await assert.rejects(openNatsBus(options), BusUnauthorizedError);
});

// Would catch a run that hangs for ever after its nats-server was killed.
test('nats bus: a killed server ends the connection within seconds, with a reason', async () => {
  const doomed = await start('doomed');
  const bus = await openNatsBus({ url: doomed.url, name: 'doomed' });
  process.kill(doomed.pid, 'SIGKILL');
  const lost = await bus.closed;
  assert.ok(lost instanceof BusLostError);
  assert.equal((await doomed.exited).code, 128 + 9);
});

// Would catch a frozen server that keeps its sockets open and answers nothing.
test('nats bus: a frozen server is noticed by its missing answers', async () => {
  const frozen = await start('frozen');
  const bus = await openNatsBus({ url: frozen.url, name: 'frozen' });
  process.kill(frozen.pid, 'SIGSTOP');
  assert.ok((await bus.closed) instanceof BusLostError);
  process.kill(frozen.pid, 'SIGCONT');
  await frozen.stop();
});

// Would catch a bus that waits for ever on a socket to a server which stood still, and readers that stop.
test('nats bus: a server that stood still is away, and back when it goes on', async () => {
  const frozen = await start('standing-still');
  const bus = await open({ url: frozen.url, name: 'standing-still', reconnect: true });
  const log = await bus.ensureLog('log', 'log');
  const seen = new LogCollector();
  await log.read(1, seen.handler);
  process.kill(frozen.pid, 'SIGSTOP');
  await stateOf(bus, 'away');
  await assert.rejects(log.append(Uint8Array.of(49), 0), BusAwayError);
  process.kill(frozen.pid, 'SIGCONT');
  assert.equal(await insisting(bus, () => log.append(Uint8Array.of(49), 0)), 1);
  assert.deepEqual(await seen.until(1), ['1:1']);
  await bus.close();
  await frozen.stop();
});

// Would catch a worker, or whoever has read its secret, who can publish plans, or take the coordinator's away.
test('nats bus: a worker may report and read, and change nothing of the plans', async () => {
  const run = { job: jobId('roles'), run: runId('t0123456789abcdef') };
  const [coordinator, worker] = [
    await openNatsBus({ url: server.url, name: 'coordinator' }),
    await openNatsBus({ url: server.workerUrl, name: 'worker' }),
  ];
  const stream = await coordinator.createStream(planStream(run), everyPlanSubject(run));
  const subject = planSubject(run, step(0), 'shared');
  await stream.publish(subject, Uint8Array.of(1), 'ours');
  const reports = new Collector();
  coordinator.subscribe(everyWorkerSubject(run), reports.handler);
  await coordinator.flush();

  const plans = new Collector();
  const read = await worker.openStream(planStream(run));
  await read.read([everyPlanSubject(run)], plans.handler);
  assert.equal((await plans.until(1)).length, 1);
  worker.publish(workerSubject(run, workerId('worker-0')), new TextEncoder().encode('report'));
  assert.deepEqual(await reports.until(1), ['report']);

  await assert.rejects(read.publish(subject, Uint8Array.of(2), 'theirs'), BusRefusedError);
  await assert.rejects(read.purge(subject), BusRefusedError);
  await assert.rejects(read.remove(), BusRefusedError);
  await assert.rejects(worker.createStream('theirs', 'theirs.>'), BusRefusedError);
  assert.equal(await stream.publish(subject, Uint8Array.of(3), 'theirs'), 'stored');
  await stream.remove();
  await Promise.all([coordinator.close(), worker.close()]);
});

// Would catch secrets in messages, and an unreachable server that is waited for without end.
test('nats bus: what cannot be reached or understood is an error without the secret', async () => {
  const url = 'nats://s3cret@127.0.0.1:1';
  await assert.rejects(openNatsBus({ url, name: 'x' }), (error: Error) => {
    assert.ok(error instanceof BusLostError);
    assert.doesNotMatch(error.message, /s3cret/);
    return true;
  });
  const wrong = new URL(server.url);
  wrong.username = 'wrong';
  await assert.rejects(openNatsBus({ url: wrong.href, name: 'x' }), BusUnauthorizedError);
  await assert.rejects(openNatsBus({ url: 'not an address', name: 'x' }), BusRefusedError);
});
