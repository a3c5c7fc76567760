import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import fc from 'fast-check';
import { step } from '../ids.js';
import { Random } from '../random.js';
import { EpochOrders } from './epoch-orders.js';
import { planDataset, planJob } from './plan-fixture.js';
import { Planner } from './planner.js';

function shuffledAtOnce(seed: number, epoch: number, sequences: number): Int32Array {
  const order = Int32Array.from({ length: sequences }, (_, index) => index);
  Random.for(seed, 'epoch order', epoch).shuffle(order);
  return order;
}

// Catches: an order whose bits depend on how it was divided, or on which epochs were asked for before.
test('an order made in portions is the order made at once', () => {
  const calls = fc.array(fc.record({ epoch: fc.nat(4), count: fc.nat(30) }), { maxLength: 20 });
  fc.assert(
    fc.property(
      fc.nat(),
      fc.nat(60),
      calls,
      fc.array(fc.nat(4)),
      (seed, count, portions, asked) => {
        const orders = new EpochOrders(seed, count);
        for (const portion of portions) orders.prepare(portion.epoch, portion.count);
        for (const epoch of asked) {
          assert.deepEqual(orders.order(epoch), shuffledAtOnce(seed, epoch, count));
        }
      },
    ),
  );
});

// Catches: the step that begins an epoch computing the order of millions of sequences, while
// training waits for its plan.
test('no step but the first computes more than a small part of an order', () => {
  const dataset = planDataset(Array(1000).fill(3), 50);
  const job = planJob({ sequences: 10, negatives: { all: true } });
  const planner = new Planner(job, dataset);
  const draws = mock.method(Random.prototype, 'below');
  try {
    const of = (at: number): number => {
      draws.mock.resetCalls();
      planner.plan(step(at));
      return draws.mock.callCount();
    };
    assert.equal(of(0), 999 + 20);
    const others = Array.from({ length: 3 * planner.stepsPerEpoch }, (_, index) => of(1 + index));
    assert.ok(Math.max(...others) <= 20, `${Math.max(...others)} draws`);
  } finally {
    draws.mock.restore();
  }
});
