import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Lane, step } from '../ids.js';
import { dealByCost } from './balance.js';
import { lanePredictions, type StepPlan } from './plan.js';
import { distinctTokens, movieLensLike, planDataset, planJob } from './plan-fixture.js';
import type { PlanDataset } from './plan-input.js';
import { Planner } from './planner.js';

/** By how much the dearest lane exceeds the mean: what every other lane waits for. */
function imbalance(loads: readonly number[]): number {
  const mean = loads.reduce((sum, load) => sum + load, 0) / loads.length;
  return Math.max(...loads) / mean - 1;
}

/** What the user model reads, lane by lane: one token for each prediction. */
const userLoads = (plan: StepPlan): number[] =>
  Array.from({ length: plan.lanes }, (_, lane) => lanePredictions(plan, lane as Lane));

/** What the item model reads, lane by lane: texts and one token behind each. */
function itemLoads(
  plan: StepPlan,
  itemTokenOffsets: Uint32Array,
  maxTextLength = Number.POSITIVE_INFINITY,
): number[] {
  return Array.from({ length: plan.lanes }, (_, lane) => {
    const items = plan.items.subarray(plan.itemLaneOffsets[lane], plan.itemLaneOffsets[lane + 1]);
    const text = (item: number): number => itemTokenOffsets[item + 1]! - itemTokenOffsets[item]!;
    return items.reduce((sum, item) => sum + Math.min(text(item), maxTextLength) + 1, 0);
  });
}

// Catches: dealing that is not by cost (round robin exceeds these bounds several times over).
test('lanes of MovieLens differ by less than 5 % in every full step', () => {
  const dataset = movieLensLike();
  for (const negatives of [{ all: true } as const, { perUser: 4 }, { total: 64 }]) {
    const planner = new Planner(planJob({ negatives }), dataset);
    const steps = 2 * planner.stepsPerEpoch;
    let worstUsers = 0;
    let worstItems = 0;
    for (let number = 0; number < steps; number++) {
      const plan = planner.plan(step(number));
      worstItems = Math.max(worstItems, imbalance(itemLoads(plan, dataset.itemTokenOffsets)));
      // The last step of an epoch may have fewer sequences than lanes.
      if (plan.users.length < 64) continue;
      worstUsers = Math.max(worstUsers, imbalance(userLoads(plan)));
    }
    assert.ok(worstUsers < 0.05, `users: ${worstUsers}`);
    assert.ok(worstItems < 0.05, `items: ${worstItems}`);
  }
});

// Catches: costs that forget the token behind each text, so that a lane of many short texts reads more.
test('an item costs its text and one token', () => {
  const dataset: PlanDataset = {
    digest: 'short texts',
    sequenceOffsets: Uint32Array.of(0, 4),
    sequenceItems: Int32Array.of(0, 1, 2, 3),
    sequenceLabels: null,
    itemTokenOffsets: Uint32Array.of(0, 1, 2, 3, 6),
    itemTokens: distinctTokens(Uint32Array.of(0, 1, 2, 3, 6)),
  };
  const plan = new Planner(planJob({ lanes: 2, negatives: { all: true } }), dataset).plan(step(0));
  assert.deepEqual(itemLoads(plan, dataset.itemTokenOffsets), [6, 4]);
  assert.deepEqual([...plan.items], [0, 3, 1, 2]);
});

// Catches: dealing by whole texts, of which the model reads no more than its limit: the lanes that got
// the longest ones then have less to do than the others.
test('lanes are balanced by what the model reads of each text', () => {
  const lengths = Array.from({ length: 400 }, (_, user) => 20 + (user % 30));
  // As in a shop: short titles, and for one item in eight a long description.
  const dataset = planDataset(lengths, 5000, (item) => (item % 8 === 0 ? 512 : 10));
  const options = { lanes: 8, negatives: { total: 1024 }, maxTextLength: 32 } as const;
  const plan = new Planner(planJob(options), dataset).plan(step(0));
  const worst = imbalance(itemLoads(plan, dataset.itemTokenOffsets, 32));
  assert.ok(worst < 0.01, `items: ${worst}`);
  for (let lane = 0; lane < plan.lanes; lane++) {
    const items = plan.items.subarray(plan.itemLaneOffsets[lane], plan.itemLaneOffsets[lane + 1]);
    const read = [...items].map((item) => (item % 8 === 0 ? 32 : 10));
    assert.deepEqual(
      read,
      read.toSorted((a, b) => a - b),
      'shortest first',
    );
  }
});

// Catches: a rule that is worse than its bound: the dearest lane exceeds the mean by less than one
// thing, namely the last one that it was given.
test('the dearest lane exceeds the mean by less than its cheapest thing', () => {
  const costs = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 80 });
  fc.assert(
    fc.property(costs, fc.integer({ min: 1, max: 9 }), (values, lanes) => {
      const sorted = Int32Array.from(values).sort();
      const { members, offsets } = dealByCost(sorted, lanes);
      assert.deepEqual(
        [...members].sort((a, b) => a - b),
        [...sorted.keys()],
      );
      const mean = sorted.reduce((sum, cost) => sum + cost, 0) / lanes;
      for (let lane = 0; lane < lanes; lane++) {
        const dealt = members.subarray(offsets[lane], offsets[lane + 1]);
        assert.deepEqual(dealt, dealt.toSorted(), 'cheapest first');
        const load = dealt.reduce((sum, thing) => sum + sorted[thing]!, 0);
        if (dealt.length > 0) assert.ok(load - sorted[dealt[0]!]! <= mean);
      }
    }),
  );
});

// Catches: work for each step that grows with the dataset instead of the step. Time depends on the
// machine, so it is reported and not asserted.
test('a step reads the items of its own sequences only', (context) => {
  const lengths = Array.from({ length: 5000 }, (_, user) => 20 + ((user * 37) % 180));
  const dataset = planDataset(lengths, 1682);
  const job = planJob({ sequences: 512, negatives: { perUser: 8 } });
  const items = counted(dataset.sequenceItems);
  const offsets = counted(dataset.sequenceOffsets);
  const planner = new Planner(job, {
    ...dataset,
    sequenceItems: items.array,
    sequenceLabels: null,
    sequenceOffsets: offsets.array,
  });
  const before = offsets.reads();
  for (const number of [3, 40, 4]) {
    const readsBefore = items.reads();
    const plan = planner.plan(step(number));
    // Once for the negatives, once for the distinct items, once for the rows.
    assert.equal(items.reads() - readsBefore, 3 * plan.sequenceRows.length);
  }
  assert.equal(offsets.reads(), before);
  context.diagnostic(`${millisecondsOfPlan(new Planner(job, dataset)).toFixed(2)} ms for a step`);
});

/** An array that counts how often its elements are read. */
function counted<A extends Int32Array | Uint32Array>(array: A): { array: A; reads: () => number } {
  let reads = 0;
  const proxy = new Proxy(array, {
    get(target, name) {
      if (typeof name === 'string' && /^\d+$/.test(name)) reads++;
      return Reflect.get(target, name, target);
    },
  });
  return { array: proxy, reads: () => reads };
}

function millisecondsOfPlan(planner: Planner): number {
  const steps = 50;
  const started = performance.now();
  for (let number = 0; number < steps; number++) planner.plan(step(number));
  return (performance.now() - started) / steps;
}
