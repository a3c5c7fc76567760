/** Metrics for those who show a token, over TLS: real sockets. */
import assert from 'node:assert/strict';
import { get } from 'node:https';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { Registry } from 'prom-client';
import { strangersMax } from '../../shared/limits.js';
import { makeCertificate } from '../certificate-fixture.js';
import { type MetricsServer, startMetricsServer } from './metrics-server.js';

const { certificate, key } = makeCertificate();
const token = '0123456789abcdef0123456789abcdef';
let server: MetricsServer;

before(async () => {
  const tls = { cert: Buffer.from(certificate), key: Buffer.from(key) };
  server = await startMetricsServer({
    ...{ registry: new Registry(), port: 0, unhealthy: () => null },
    access: { tls, token },
  });
});
after(() => server.close());

interface Answer {
  readonly status: number | undefined;
  readonly challenge: string | undefined;
  readonly body: string;
}

function ask(path: string, shown: string | null): Promise<Answer> {
  const headers = shown === null ? {} : { authorization: `Bearer ${shown}` };
  const where = { host: '127.0.0.1', port: server.port, path, ca: certificate, headers };
  return new Promise((resolve, reject) => {
    get({ ...where, agent: false }, (response) => {
      const challenge = response.headers['www-authenticate'];
      text(response).then(
        (body) => resolve({ status: response.statusCode, challenge, body }),
        reject,
      );
    }).on('error', reject);
  });
}

// Would catch an answer to whoever has no token, health included, and one that is lost in a reset.
test('who shows the token is answered, everybody else is told to', async () => {
  assert.deepEqual(await ask('/healthz', token), { status: 200, challenge: undefined, body: 'ok' });
  for (const [path, shown] of [
    ['/healthz', null],
    ['/metrics', `${token}x`],
    ['/nothing', ''],
  ] as const) {
    assert.deepEqual(await ask(path, shown), { status: 401, challenge: 'Bearer', body: '' });
  }
});

// Would catch strangers who hold all places by beginning a greeting, and plain speech that ends the process.
test('greetings that never end keep nobody out, and plain speech is cut off', async () => {
  const open = Array.from({ length: 2 * strangersMax }, () => {
    const socket = connect({ port: server.port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    return socket;
  });
  await Promise.all(
    open.map((socket) => new Promise((resolve) => socket.once('connect', resolve))),
  );
  for (const socket of open) socket.write('\x16\x03\x01');
  assert.equal((await ask('/healthz', token)).body, 'ok');
  for (const socket of open) socket.destroy();
  const plain = connect({ port: server.port, host: '127.0.0.1' });
  plain.on('error', () => undefined);
  plain.write('GET /healthz HTTP/1.1\r\n\r\n');
  assert.doesNotMatch(await text(plain).catch(() => ''), /HTTP/);
  assert.equal((await ask('/healthz', token)).body, 'ok');
});
