import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BusLostError } from '../shared/bus.js';
import { MemoryHub } from '../shared/bus-memory.js';
import { busContract } from './bus.contract.js';
import { busRestartContract } from './bus-restart.contract.js';

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

const restarting = new MemoryHub();
busRestartContract('memory bus', async () => restarting.open(), {
  kill: async () => restarting.stop(),
  start: async () => restarting.start(),
});
