import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { generation, rank } from '../../../shared/ids.js';
import { strangersMax } from '../../../shared/limits.js';
import { millis } from '../../../shared/units.js';
import { Traffic } from '../traffic.js';
import { dial } from './dial.js';
import { LinksServer } from './links-server.js';

const membership = { generation: generation(1), members: 2, token: 'the right token' };
let server: LinksServer;

before(async () => {
  server = await LinksServer.listen('127.0.0.1', new Traffic());
  server.expect({ ...membership, rank: rank(0) }, (_rank, socket) => socket.terminate());
});
after(() => server.close());

const upgrade = [
  'GET /links HTTP/1.1',
  'Host: x',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'x-lockstep-generation: 1',
  'x-lockstep-rank: 1',
  'x-lockstep-token: wrong',
  '\r\n',
].join('\r\n');

async function stranger(): Promise<Socket> {
  const port = Number(server.address.split(':')[1]);
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Looks until no stranger is left: a second or so, where the machine has time. */
async function assertNoStrangers(): Promise<void> {
  for (let look = 0; look < 300 && server.strangers > 0; look++) await pause(50);
  assert.equal(server.strangers, 0);
}

const dialAsPeer = () => {
  const hello = { generation: membership.generation, rank: rank(1), token: membership.token };
  return dial(server.address, hello, millis(10_000), new AbortController().signal);
};

// Would catch descriptors that are kept for ever, until the process can open no checkpoint.
test('a refused upgrade is closed although its client says more and keeps its end open', async () => {
  const sockets = await Promise.all(Array.from({ length: 40 }, stranger));
  for (const socket of sockets) {
    socket.write(upgrade);
    socket.once('data', () => socket.write('more'));
  }
  await Promise.all(sockets.map((socket) => once(socket, 'end')));
  await assertNoStrangers();
  for (const socket of sockets) socket.destroy();
});

// Would catch members that cannot link because strangers hold all connections.
test('a peer gets in while strangers hold every place, and stays when they are dropped', async () => {
  const idle: Socket[] = [];
  for (let count = 0; count < 2 * strangersMax; count++) {
    const socket = await stranger();
    // Half of them say nothing at all, the others do not finish their first line.
    if (count % 2 === 0) socket.write('GET /li');
    idle.push(socket);
  }
  assert.ok(server.strangers <= strangersMax);
  const dialled = await dialAsPeer();
  assert.equal(dialled.kind, 'open');
  for (const socket of idle) socket.destroy();
  await assertNoStrangers();
});

// Would catch a page of headers, or a browser, that keeps a connection.
test('what is no upgrade is answered and closed', async () => {
  const requests = [
    ['GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1\.1 426 /],
    [`GET /links HTTP/1.1\r\nA: ${'x'.repeat(5000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ['\x16\x03\x01\r\n\r\n', /^HTTP\/1\.1 400 /],
  ] as const;
  for (const [request, answer] of requests) {
    const socket = await stranger();
    socket.write(request);
    const [data] = await once(socket, 'data');
    assert.match(String(data), answer);
    socket.destroy();
  }
  await assertNoStrangers();
});
