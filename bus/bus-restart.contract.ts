/** What a Bus must do whose connections come back; each implementation's test runs all of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bus, BusAwayError } from '../shared/bus.js';
import {
  bytesOf,
  Collector,
  LogCollector,
  mebibytesNumbered,
  type OpenBus,
  textOf,
} from './bus.contract.js';

/** A server that can be killed and started again with what it had stored. */
export interface RestartableServer {
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** What a bus must do whose connections come back. */
export function busRestartContract(name: string, open: OpenBus, server: RestartableServer): void {
  // Would catch an entry, a plan or a change that is lost, comes twice or out of order because its answer
  // was on its way when the server died, and readers that stop with their consumers.
  test(`${name}: a server that is killed twice loses nothing and doubles nothing`, async () => {
    const [writer, follower] = [await open(), await open()];
    const log = await writer.ensureLog('restart-log', 'restart.log');
    const stream = await writer.ensureStream('restart-plan', 'restart.plan.>');
    const values = await writer.openValues('restart-values');
    const [entries, plans, progress] = [new LogCollector(), new Collector(), new LogCollector()];
    const revisions: number[] = [];
    const states: string[] = [];
    follower.connection.onChange(({ kind }) => states.push(kind));
    await (await follower.openLog('restart-log')).read(1, entries.handler);
    await (await follower.openLog('restart-log')).read(1, progress.handler);
    const reader = await follower.openStream('restart-plan');
    await reader.read(['restart.plan.*.0', 'restart.plan.*.1'], plans.handler);
    const seenLast = new Promise<void>((resolve) => {
      void follower.openValues('restart-values').then((found) =>
        found.watch('key', (value) => {
          if (value !== null) revisions.push(value.revision);
          if (value !== null && textOf(value.data) === `${restartRounds}`) resolve();
        }),
      );
    });
    const killing = (async () => {
      for (const count of [restartRounds / 3, (restartRounds * 2) / 3]) {
        await progress.until(count);
        await server.kill();
        await server.start();
      }
    })();
    let revision = 0;
    for (let round = 1; round <= restartRounds; round++) {
      const stored = await insisting(writer, () => log.append(bytesOf(`${round}`), round - 1));
      assert.equal(stored, round);
      const subject = `restart.plan.${round}.${round % 3}`;
      await insisting(writer, () => stream.publish(subject, bytesOf(`${round}`), `${round}`));
      const put = await insisting(writer, () => values.put('key', bytesOf(`${round}`), revision));
      assert.ok(
        put !== null && put > revision,
        `round ${round}: the value was changed by us alone`,
      );
      revision = put;
    }
    await killing;
    const rounds = Array.from({ length: restartRounds }, (_, index) => index + 1);
    assert.deepEqual(
      await entries.until(restartRounds),
      rounds.map((round) => `${round}:${round}`),
    );
    const read = rounds.filter((round) => round % 3 !== 2);
    assert.deepEqual(await plans.until(read.length), read.map(String));
    await seenLast;
    assert.deepEqual(
      revisions,
      [...new Set(revisions)].sort((one, other) => one - other),
    );
    // What was stored may arrive before the connection says of itself that it is there again.
    await stateOf(follower, 'connected');
    assert.deepEqual(states, ['away', 'connected', 'away', 'connected']);
    assert.equal(await log.last(), restartRounds);
    await log.remove();
    await stream.remove();
    await Promise.all([writer.close(), follower.close()]);
  });

  // Would catch a process that dies of an absence, or takes one for an answer.
  test(`${name}: while the server is away, messages are lost and requests are refused`, async () => {
    const [sender, receiver] = [await open(), await open()];
    const values = await sender.openValues('away-values');
    const seen = new Collector();
    receiver.subscribe('away.>', seen.handler);
    await receiver.flush();
    await server.kill();
    await stateOf(sender, 'away');
    sender.publish('away.lost', bytesOf('lost'));
    await assert.rejects(values.get('key'), BusAwayError);
    await assert.rejects(sender.ensureStream('away-stream', 'away-stream.>'), BusAwayError);
    await assert.rejects(sender.flush(), BusAwayError);
    await server.start();
    await Promise.all([stateOf(sender, 'connected'), stateOf(receiver, 'connected')]);
    await receiver.flush();
    sender.publish('away.back', bytesOf('back'));
    assert.deepEqual(await seen.until(1), ['back']);
    assert.equal(await insisting(sender, () => values.get('key')), null);
    await Promise.all([sender.close(), receiver.close()]);
    assert.deepEqual([await sender.closed, sender.connection.state.kind], [null, 'closed']);
  });

  // Would catch a file that is cut short, or ends a run, because the server was away while it travelled.
  test(`${name}: a file that travels while the server is killed arrives whole`, async () => {
    const bus = await open();
    const objects = await bus.openObjects('restart-files');
    const isSuspended = new Set<number>();
    const killing = async (at: number): Promise<void> => {
      if (isSuspended.has(at)) return;
      isSuspended.add(at);
      await server.kill();
      await server.start();
      await stateOf(bus, 'connected');
    };
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for await (const chunk of mebibytesNumbered(12)) {
        if (chunk[0] === 10) await killing(0);
        yield chunk;
      }
    }
    await objects.put('file', chunks());
    let bytes = 0;
    const seen = new Set<number>();
    for await (const chunk of (await objects.get('file')) ?? []) {
      bytes += chunk.byteLength;
      seen.add(chunk[0] as number);
      if (chunk[0] === 4) await killing(1);
    }
    assert.equal(bytes, 12 * 2 ** 20);
    assert.deepEqual(
      [...seen],
      Array.from({ length: 12 }, (_, index) => index),
    );
    await objects.remove();
    await bus.close();
  });

  // Would catch a process that cannot end because its server is away.
  test(`${name}: a bus whose server is away can be closed`, async () => {
    const bus = await open();
    await server.kill();
    await stateOf(bus, 'away');
    await bus.close();
    assert.equal(await bus.closed, null);
    await server.start();
  });
}

const restartRounds = 60;

/** Repeats a request for as long as the server is away, as every user of the bus does. */
export async function insisting<Result>(bus: Bus, request: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof BusAwayError)) throw error;
      await stateOf(bus, 'connected');
    }
  }
}

export async function stateOf(bus: Bus, kind: string): Promise<void> {
  if (bus.connection.state.kind === kind) return;
  await new Promise<void>((resolve) => {
    const listening = bus.connection.onChange((state) => {
      if (state.kind !== kind) return;
      listening.close();
      resolve();
    });
  });
}
