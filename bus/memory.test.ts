import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BusAwayError, BusLostError } from '../shared/bus.js';
import { MemoryHub } from '../shared/bus-memory.js';
import { busContract, LogCollector } from './bus.contract.js';

const hub = new MemoryHub();
busContract('memory bus', async () => hub.open());

// Would catch processes that go on training without anyone who could stop them.
test('memory bus: a failed server ends every connection with a reason', async () => {
  const failing = new MemoryHub();
  const bus = failing.open();
  failing.fail();
  assert.ok((await bus.closed) instanceof BusLostError);
  assert.throws(() => bus.publish('a', new Uint8Array(1)), BusLostError);
});

// Would catch a process that dies of a restart of the server, sees an entry twice, or misses one.
test('memory bus: a server that comes back loses no entry, and refuses requests meanwhile', async () => {
  const restarting = new MemoryHub();
  const [writer, reader] = [restarting.open(), restarting.open()];
  const log = await writer.ensureLog('log', 'entries');
  const seen = new LogCollector();
  await (await reader.openLog('log')).read(1, seen.handler);
  await log.append(Uint8Array.of(49), 0);
  await seen.until(1);
  const states: string[] = [];
  reader.connection.onChange(({ kind }) => states.push(kind));
  restarting.stop();
  await assert.rejects(log.append(Uint8Array.of(50), 1), BusAwayError);
  writer.publish('lost', Uint8Array.of(0));
  restarting.start();
  assert.equal(await log.append(Uint8Array.of(50), 1), 2);
  assert.deepEqual(await seen.until(2), ['1:1', '2:2']);
  assert.deepEqual(states, ['away', 'connected']);
});
