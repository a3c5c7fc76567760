import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Random } from '../../shared/random.js';
import { fromEventLoop, openDrain } from './drain.js';
import { EventQueue } from './event-queue.js';
import { Scheduler } from './scheduler.js';
import { SimProcess } from './sim-process.js';

// Would catch events of the past that come after those of the future.
test('whatever comes out of the queue is the earliest in it', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat(9))), (events) => {
      const queue = new EventQueue();
      for (const [time, tie] of events) queue.push({ time, tie, act: () => undefined });
      const out: [number, number][] = [];
      for (let event = queue.pop(); event !== undefined; event = queue.pop()) {
        out.push([event.time, event.tie]);
      }
      const sorted = [...events].sort(([a, x], [b, y]) => a - b || x - y);
      assert.deepEqual(out, sorted);
    }),
  );
});

// Would catch promises that settle after events that they come before, which no seed could replay.
test('all that follows from an event has happened before the next, however many promises it takes', async () => {
  const seen = await fromEventLoop(() => {
    const order: string[] = [];
    const scheduler = new Scheduler(Random.for(1, 'test'), openDrain());
    const deep = async (depth: number): Promise<void> => {
      await null;
      if (depth > 0) await deep(depth - 1);
    };
    for (const at of [1, 2]) {
      scheduler.at(at, () => {
        void deep(200).then(() => order.push(`${at} settled`));
        order.push(`${at}`);
      });
    }
    assert.equal(
      scheduler.run(() => false, 10),
      false,
    );
    assert.equal(scheduler.now, 10);
    return order;
  });
  assert.deepEqual(seen, ['1', '1 settled', '2', '2 settled']);
});

// Would catch clocks that agree, by which nobody would notice who compares two of them.
test('a clock has its own rate and offset, and stands still with its host', () => {
  const scheduler = new Scheduler(Random.for(1, 'test'), () => undefined);
  const process = new SimProcess('a', scheduler, { offset: 1000, rate: 1.5 });
  const ticks: number[] = [];
  process.every(300, () => ticks.push(scheduler.now));
  scheduler.run(() => false, 500);
  assert.deepEqual(ticks, [200, 400]);
  assert.equal(process.clock.now(), 1750);
  process.loseTime(100);
  assert.equal(process.clock.now(), 1600);
  const before = process.wall();
  process.setWall(-5000);
  assert.equal(process.wall(), before - 5000);
});
