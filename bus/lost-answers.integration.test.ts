/** Requests that the server has done and whose answers never arrive. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type LocalNatsServer, startLocalNatsServer } from '../process/nats/local-nats-server.js';
import { findNatsServer } from '../process/nats/project-nats-server.js';
import { type Bus, BusAwayError } from '../shared/bus.js';
import { insisting } from './bus-restart.contract.js';
import { openNatsBus } from './nats-bus.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-lost-answers-'));
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Hands on what goes to the server, and what comes back only while it is not `deaf`. */
class Way {
  isDeaf = false;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((client) => {
    const server = connect(this.#port, '127.0.0.1');
    this.#sockets.add(client).add(server);
    client.on('data', (data) => server.write(data));
    server.on('data', (data) => {
      if (!this.isDeaf) client.write(data);
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => other.destroy());
    }
  });
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as { port: number }).port;
  }

  /** What was under way is lost; new connections are as good as any. */
  cut(): void {
    this.isDeaf = false;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  close(): void {
    this.#server.close();
    this.cut();
  }
}

let server: LocalNatsServer;
let way: Way;
let bus: Bus;
let witness: Bus;
before(async () => {
  server = await startLocalNatsServer({
    binary: findNatsServer(),
    directory: join(folder, 'server'),
    logFile: join(folder, 'server.log'),
  });
  way = new Way(Number(new URL(server.url).port));
  const url = new URL(server.url);
  url.port = String(await way.listen());
  bus = await openNatsBus({ url: url.href, name: 'deaf', reconnect: true });
  witness = await openNatsBus({ url: server.url, name: 'witness' });
});
after(async () => {
  await Promise.all([bus.close(), witness.close()]);
  way.close();
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** The request is done, as `isDone` sees, before the connection goes without an answer. */
async function losing(request: () => Promise<unknown>, isDone: () => Promise<boolean>) {
  way.isDeaf = true;
  const refused = assert.rejects(request(), BusAwayError);
  while (!(await isDone())) await witness.flush();
  way.cut();
  await refused;
}

// Would catch a leader that takes its own entry for another one's and gives up its run, and one that
// stores an entry twice.
test('an append whose answer got lost is recognized, and only by the same entry', async () => {
  const log = await bus.ensureLog('log', 'log');
  const seen = await witness.openLog('log');
  await losing(
    () => log.append(bytesOf('one'), 0),
    async () => (await seen.last()) === 1,
  );
  assert.equal(await insisting(bus, () => log.append(bytesOf('one'), 0)), 1);
  assert.equal(await seen.last(), 1);
  // Not by an entry that was never on its way, nor one that another leader wrote meanwhile.
  assert.equal(await log.append(bytesOf('other'), 0), null);
  await losing(
    () => log.append(bytesOf('two'), 1),
    async () => (await seen.last()) === 2,
  );
  assert.equal(await insisting(bus, () => log.append(bytesOf('three'), 1)), null);
  const foreign = await witness.ensureLog('log', 'log');
  assert.equal(await foreign.append(bytesOf('two'), 1), null);
});

// Would catch a claim or a generation that its own writer believes to be lost, or to be its own when it is not.
test('a change of a value whose answer got lost is recognized, and a removal too', async () => {
  const values = await bus.openValues('values');
  const seen = await witness.openValues('values');
  const textIs = async (text: string | null): Promise<boolean> => {
    const found = await seen.get('key');
    return text === (found === null ? null : new TextDecoder().decode(found.data));
  };
  await losing(
    () => values.put('key', bytesOf('one'), 0),
    () => textIs('one'),
  );
  const first = await insisting(bus, () => values.put('key', bytesOf('one'), 0));
  assert.equal(first, (await seen.get('key'))?.revision);
  await losing(
    () => values.put('key', bytesOf('two'), first as number),
    () => textIs('two'),
  );
  // Someone else changes it before it is repeated.
  const second = (await seen.get('key'))?.revision as number;
  const third = await seen.put('key', bytesOf('theirs'), second);
  const repeated = await insisting(bus, () => values.put('key', bytesOf('two'), first as number));
  assert.equal(repeated, null);
  await losing(
    () => values.remove('key', third as number),
    () => textIs(null),
  );
  assert.equal(await insisting(bus, () => values.remove('key', third as number)), true);
});
