import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { Gauge, Registry } from 'prom-client';
import { strangersMax } from '../../shared/limits.js';
import { millis } from '../../shared/units.js';
import { type MetricsServer, startMetricsServer } from './metrics-server.js';

const registry = new Registry();
let renderings = 0;
let now = millis(0);
let problem: string | null = null;
let waiting: string | null = null;
let server: MetricsServer;

before(async () => {
  const collect = (): void => void renderings++;
  new Gauge({ name: 'lockstep_x', help: 'X', registers: [registry], collect });
  server = await startMetricsServer({
    registry,
    port: 0,
    unhealthy: () => problem,
    unready: () => waiting,
    clock: { now: () => now },
  });
});
after(() => server.close());

const get = (path: string, method = 'GET'): Promise<Response> =>
  fetch(`http://127.0.0.1:${server.port}${path}`, { method });

/** A connection that has sent `request`; it keeps its own end open. */
function client(request: string): Socket {
  const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  socket.write(request);
  return socket;
}

// Would catch a scraper with parameters that is told that there are no metrics.
test('metrics and health are served by path, whatever stands behind a question mark', async () => {
  for (const path of ['/metrics', '/metrics?x=1', '/metrics?']) {
    const response = await get(path);
    assert.equal(response.headers.get('content-type'), registry.contentType);
    assert.match(await response.text(), /^lockstep_x 0$/m);
  }
  assert.equal(await (await get('/healthz?verbose')).text(), 'ok');
  problem = 'the run is over';
  const sick = await get('/healthz');
  problem = null;
  assert.deepEqual([sick.status, await sick.text()], [503, 'the run is over']);
  // Would catch a supervisor that kills a process because its run stands still, or because it stands by.
  problem = 'the run stands still';
  waiting = 'opens the dataset';
  const alive = await get('/livez');
  const ready = await get('/readyz');
  problem = null;
  waiting = null;
  assert.deepEqual([alive.status, await alive.text()], [200, 'ok']);
  assert.deepEqual([ready.status, await ready.text()], [503, 'opens the dataset']);
  assert.equal((await get('/readyz')).status, 200);
  assert.equal((await get('/constructor')).status, 404);
  assert.equal((await get('/metricsx')).status, 404);
  assert.equal((await get('/metrics', 'HEAD')).headers.get('content-type'), registry.contentType);
  const post = await get('/metrics', 'POST');
  assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD']);
});

// Would catch 40,000 renderings for 1.4 MB of requests, which starve the heartbeats of the process.
test('pipelined requests get one answer a connection, and all of them one rendering', async () => {
  now = millis(now + 1_000_000);
  const before = renderings;
  const flood = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2000);
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => text(client(flood)).catch(() => '')),
  );
  assert.equal(renderings - before, 1);
  for (const answer of answers) assert.ok(answer.split('HTTP/1.1 200').length <= 2);
});

// Would catch a health check that fails because strangers hold all connections.
test('idle strangers lose their places to whoever asks', async () => {
  const idle = Array.from({ length: 2 * strangersMax }, () => client(''));
  await Promise.all(
    idle.map((socket) => new Promise((resolve) => socket.once('connect', resolve))),
  );
  assert.equal(await (await get('/healthz')).text(), 'ok');
  for (const socket of idle) socket.destroy();
});

// Would catch an answer that is lost because its client had nothing more to say.
test('half a connection is enough for an answer', async () => {
  const socket = client('');
  socket.end('GET /healthz HTTP/1.0\r\n\r\n');
  assert.match(await text(socket), /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nok$/);
});

// Would catch memory and descriptors that strangers hold by sending no request or an endless one.
test('what is no request is refused and closed', async () => {
  assert.match(await text(client('\x16\x03\x01\x02\r\n')), /^HTTP\/1\.1 400 /);
  assert.match(await text(client(`GET / HTTP/1.1\r\nA: ${'x'.repeat(9000)}`)), /^HTTP\/1\.1 431 /);
});

// Would catch a port that was taken meanwhile and ends a run as a defect of Lockstep.
test('a port that is taken has a code of its own', async () => {
  const second = startMetricsServer({ registry, port: server.port, unhealthy: () => null });
  await assert.rejects(second, { code: 'PORT_UNAVAILABLE', message: /EADDRINUSE/ });
});
