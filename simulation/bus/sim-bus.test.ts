import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { busContract } from '../../bus/bus.contract.js';
import { BusAwayError } from '../../shared/bus.js';
import { Random } from '../../shared/random.js';
import { fromEventLoop, openDrain } from '../time/drain.js';
import { Scheduler } from '../time/scheduler.js';
import { SimProcess } from '../time/sim-process.js';
import { SimServer } from './sim-server.js';

const times = { latencyMin: 0.1, latencyMax: 5, storeMax: 3, reconnectMax: 200 };
const textOf = (data: Uint8Array): string => new TextDecoder().decode(data);
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function openWorld(seed: number) {
  const scheduler = new Scheduler(Random.for(seed, 'order'), openDrain());
  const server = new SimServer(scheduler, Random.for(seed, 'bus'), times);
  const start = (name: string): SimProcess =>
    new SimProcess(name, scheduler, { offset: 0, rate: 1 });
  return { scheduler, server, start };
}

// Without faults it must be what the real one is: the same cases hold a nats-server.
const { scheduler, server, start } = openWorld(1);
busContract('simulated bus', async () => server.open(start('contract')));
const turn = setInterval(() => scheduler.run(() => false, scheduler.now + 20), 0);
after(() => clearInterval(turn));

// Would catch a simulation that forgives what NATS does not: an answer that always comes, a message that waits
// for a connection, an entry that comes twice or not at all.
test('a cut loses what is under way, and a reader nothing', async () => {
  await fromEventLoop(() => {
    const lost = { requests: 0, done: 0, messages: 0 };
    for (let seed = 1; seed <= 40; seed++) {
      const world = openWorld(seed);
      const writer = world.server.open(world.start('writer'));
      const reader = world.server.open(world.start('reader'));
      const read: string[] = [];
      let heard = 0;
      reader.subscribe('core', () => heard++);
      const write = async (): Promise<void> => {
        const log = await writer.ensureLog('log', 'log');
        await (await reader.openLog('log')).read(1, (data, at) =>
          read.push(`${at}:${textOf(data)}`),
        );
        for (let entry = 0; entry < 12; ) {
          writer.publish('core', bytesOf('x'));
          try {
            assert.equal(await log.append(bytesOf(`${entry}`), entry), entry + 1);
            entry++;
          } catch (error) {
            assert.ok(error instanceof BusAwayError, (error as Error).stack);
            lost.requests++;
            await new Promise<void>((resolve) => writer.process.after(40, resolve));
          }
        }
      };
      let isDone = false;
      void write().then(() => {
        isDone = true;
      });
      world.scheduler.after(30, () => world.server.stop());
      world.scheduler.after(300, () => world.server.start());
      world.scheduler.after(400, () => reader.isolate({ up: true, down: true }));
      world.scheduler.after(4000, () => reader.rejoin());
      assert.ok(
        world.scheduler.run(() => isDone, 60_000),
        `seed ${seed}`,
      );
      world.scheduler.run(() => false, 70_000);
      assert.deepEqual(
        read,
        Array.from({ length: 12 }, (_, entry) => `${entry + 1}:${entry}`),
        `seed ${seed}`,
      );
      lost.messages += 12 - heard;
    }
    assert.ok(lost.requests > 40, `${lost.requests} requests were refused`);
    assert.ok(lost.messages > 40, `${lost.messages} messages were lost`);
  });
});

// Would catch a connection that is away for ever, since its loss was noticed after it had come back.
test('a server that is away for less than a message takes leaves every connection connected', async () => {
  await fromEventLoop(() => {
    for (let seed = 1; seed <= 40; seed++) {
      const world = openWorld(seed);
      const bus = world.server.open(world.start('client'));
      world.scheduler.after(10, () => world.server.stop());
      world.scheduler.after(11, () => world.server.start());
      world.scheduler.run(() => false, 1000);
      assert.equal(bus.connection.state.kind, 'connected', `seed ${seed}`);
    }
  });
});

// Would catch an election that nobody notices, or that looks like a server that is away.
test('while servers elect, what is asked for is refused over a connection that stands', async () => {
  await fromEventLoop(() => {
    const world = openWorld(5);
    const bus = world.server.open(world.start('client'));
    const answers: string[] = [];
    const ask = (): void =>
      void bus.openValues('values').then(
        () => answers.push('opened'),
        (error: unknown) => answers.push((error as BusAwayError).code),
      );
    world.server.elect(100);
    ask();
    world.scheduler.run(() => false, 90);
    assert.deepEqual(answers, ['BUS_AWAY']);
    assert.equal(bus.connection.state.kind, 'connected');
    world.scheduler.run(() => false, 101);
    ask();
    world.scheduler.run(() => false, 200);
    assert.deepEqual(answers, ['BUS_AWAY', 'opened']);
  });
});

// Would catch code of a killed process that goes on, and of a stopped one that does not.
test('a process that stands still does later what it would have done; a killed one never', async () => {
  await fromEventLoop(() => {
    const world = openWorld(3);
    const seen: string[] = [];
    const [a, b] = [world.start('a'), world.start('b')];
    for (const process of [a, b]) {
      const bus = world.server.open(process);
      bus.subscribe('s', (data) => seen.push(`${process.name} ${textOf(data)}`));
      process.every(100, () => seen.push(`${process.name} tick`));
    }
    world.scheduler.run(() => false, 50);
    a.stand();
    b.kill();
    world.server.dropOf(b);
    const sender = world.server.open(world.start('c'));
    for (const text of ['1', '2']) sender.publish('s', bytesOf(text));
    world.scheduler.run(() => false, 1050);
    assert.deepEqual(seen, []);
    a.wake();
    world.scheduler.run(() => false, 1051);
    assert.deepEqual(seen, ['a 1', 'a 2', 'a tick']);
    world.scheduler.run(() => false, 1160);
    assert.deepEqual(seen.slice(3), ['a tick']);
  });
});
