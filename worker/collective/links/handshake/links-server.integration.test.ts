import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { generation, rank } from '../../../../shared/ids.js';
import { strangersMax } from '../../../../shared/limits.js';
import { millis } from '../../../../shared/units.js';
import { Traffic } from '../../traffic.js';
import { dial } from './dial.js';
import { helloHeaders } from './hello.js';
import { LinksServer } from './links-server.js';
import { proofOf } from './proof.js';

const trust = { secret: Buffer.from('the secret of the job'), tls: null };
const hello = {
  purpose: 'links',
  generation: generation(1),
  from: rank(1),
  to: rank(0),
} as const;
let server: LinksServer;

before(async () => {
  const options = { host: '127.0.0.1', port: 0, trust, traffic: new Traffic() };
  server = await LinksServer.listen(options);
  server.expect({ generation: generation(1), members: 2, rank: rank(0) }, (_rank, socket) =>
    socket.terminate(),
  );
});
after(() => server.close());

const challenge = 'GET /links HTTP/1.1\r\nHost: x\r\n\r\n';

/** An upgrade that answers `nonce`, as one who knows `secret` signs it. */
function upgrade(nonce: string, secret: Uint8Array = trust.secret): string {
  const own = 'd'.repeat(43);
  const handshake = { hello, serverNonce: nonce, diallerNonce: own, channel: '' };
  const proof = proofOf('dialler', secret, handshake);
  const headers = {
    Host: 'x',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...helloHeaders({ hello, nonce: own, proof }),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET /links HTTP/1.1\r\n${lines.join('')}\r\n`;
}

const noChallenge = upgrade('s'.repeat(43));

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
  return dial(server.address, hello, trust, millis(10_000), new AbortController().signal);
};

// Would catch descriptors that are kept for ever, until the process can open no checkpoint.
test('a refused upgrade is closed although its client says more and keeps its end open', async () => {
  const sockets = await Promise.all(Array.from({ length: 40 }, stranger));
  for (const socket of sockets) {
    socket.write(noChallenge);
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

/** Says something and gives what is answered to it. */
async function ask(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [data] = await once(socket, 'data');
  return String(data);
}

const nonceIn = (answer: string): string => /x-lockstep-nonce: (\S+)/.exec(answer)?.[1] ?? '';

// Would catch a proof that opens a second connection, or a challenge that may be guessed at again and again.
test('a recorded proof opens nothing, and a challenge is good for one answer on its connection', async () => {
  const first = await stranger();
  const answer = await ask(first, challenge);
  assert.match(answer, /^HTTP\/1\.1 401 /);
  const recorded = upgrade(nonceIn(answer));
  const second = await stranger();
  const other = nonceIn(await ask(second, challenge));
  assert.notEqual(other, nonceIn(answer));
  assert.match(await ask(second, recorded), /^HTTP\/1\.1 401 .*the proof is not of the secret/s);
  const third = await stranger();
  assert.match(await ask(third, recorded), /^HTTP\/1\.1 401 .*no challenge was asked for/s);
  assert.match(await ask(first, recorded), /^HTTP\/1\.1 101 .*x-lockstep-proof: \S{43}/s);
  const fourth = await stranger();
  const nonce = nonceIn(await ask(fourth, challenge));
  const guessed = upgrade(nonce, Buffer.from('a guess'));
  assert.match(await ask(fourth, guessed), /^HTTP\/1\.1 401 /);
  for (const socket of [first, second, third, fourth]) socket.destroy();
  await assertNoStrangers();
});

// Would catch a member that takes its peer's sums from whoever has got the peer's address.
test('a server that agrees to everything, but does not know the secret, is not heard', async () => {
  const accept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
  const answers = [
    `HTTP/1.1 401 A\r\nx-lockstep-nonce: ${'n'.repeat(43)}\r\nContent-Length: 0\r\n\r\n`,
    `HTTP/1.1 101 A\r\nSec-WebSocket-Accept: ${accept}\r\nx-lockstep-proof: ${'p'.repeat(43)}\r\n\r\n`,
  ];
  const impostor = createServer((socket) => {
    let asked = 0;
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const key = /Sec-WebSocket-Key: (\S+)/.exec(String(data))?.[1] ?? '';
      const own = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
      socket.write((answers[asked++] ?? '').replace(accept, own.digest('base64')));
    });
  });
  await once(impostor.listen(0, '127.0.0.1'), 'listening');
  const address = `127.0.0.1:${(impostor.address() as AddressInfo).port}`;
  const signal = new AbortController().signal;
  assert.deepEqual(await dial(address, hello, trust, millis(10_000), signal), {
    kind: 'refused',
    reason: 'it did not show that it knows the secret',
  });
  impostor.close();
});
