import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type LocalNatsServer, startLocalNatsServer } from '../process/local-nats-server.js';
import { findNatsServer } from '../process/project-nats-server.js';
import { BusLostError, BusRefusedError } from '../shared/bus.js';
import { busContract } from './bus.contract.js';
import { openNatsBus } from './nats-bus.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-nats-'));

const start = (name: string): Promise<LocalNatsServer> =>
  startLocalNatsServer({
    binary: findNatsServer(),
    directory: join(folder, name),
    logFile: join(folder, `${name}.log`),
  });

let server: LocalNatsServer;
before(async () => {
  server = await start('shared');
});
after(async () => {
  await server.stop();
  // The server's own folder must be gone with it.
  assert.equal(existsSync(join(folder, 'shared')), false);
  rmSync(folder, { recursive: true });
});

busContract('nats bus', () => openNatsBus({ url: server.url, name: 'contract' }));

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
  await assert.rejects(openNatsBus({ url: wrong.href, name: 'x' }), BusLostError);
  await assert.rejects(openNatsBus({ url: 'not an address', name: 'x' }), BusRefusedError);
});
