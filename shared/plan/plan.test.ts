import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lane, rank, step } from '../ids.js';
import { parseJob } from '../job-spec/job-spec.js';
import { evenShares, lanesOf } from './lane-ownership.js';
import type { LanePlan } from './lane-plan.js';
import { lanePlan, type StepPlan, stepsPerEpoch, totalSteps } from './plan.js';
import { distinctTokens, type PlanJobOptions, planDataset, planJob } from './plan-fixture.js';
import type { PlanDataset } from './plan-input.js';
import { Planner, planStep } from './planner.js';

/** Small datasets with empty, single-item and long histories, and any kind of job on them. */
const histories = fc.array(fc.integer({ min: 0, max: 23 }), { minLength: 1, maxLength: 24 });
const jobs: fc.Arbitrary<PlanJobOptions> = fc.record({
  seed: fc.nat(),
  lanes: fc.integer({ min: 1, max: 9 }),
  maxLength: fc.integer({ min: 1, max: 8 }),
  longer: fc.constantFrom('windows' as const, 'last' as const),
  sequences: fc.integer({ min: 1, max: 12 }),
  negatives: fc.oneof(
    fc.record({ perUser: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ total: fc.integer({ min: 1, max: 40 }) }),
    fc.constant({ all: true } as const),
  ),
  normalisation: fc.constantFrom('global' as const, 'lane' as const),
});

/** Runs `check` on the plans of every step of an epoch, of many datasets and jobs. */
function everyEpoch(
  check: (plans: readonly StepPlan[], dataset: PlanDataset, options: PlanJobOptions) => void,
): void {
  fc.assert(
    fc.property(histories, jobs, fc.nat({ max: 3 }), (lengths, options, epoch) => {
      const dataset = planDataset([...lengths, 2], 12);
      const planner = new Planner(planJob(options), dataset);
      const first = epoch * planner.stepsPerEpoch;
      const plans = Array.from({ length: planner.stepsPerEpoch }, (_, index) =>
        planner.plan(step(first + index)),
      );
      check(plans, dataset, options);
    }),
    { numRuns: 200 },
  );
}

const lanePlans = (plan: StepPlan): LanePlan[] =>
  Array.from({ length: plan.lanes }, (_, index) => lanePlan(plan, lane(index)));

/** The catalogue ids of each sequence of a plan, in its order. */
function sequencesOf(plan: StepPlan): number[][] {
  return Array.from(plan.users, (_, index) =>
    Array.from(
      plan.sequenceRows.subarray(plan.sequenceOffsets[index], plan.sequenceOffsets[index + 1]),
      (row) => plan.items[row] as number,
    ),
  );
}

function historyOf(dataset: PlanDataset, user: number): number[] {
  const { sequenceItems, sequenceOffsets } = dataset;
  return [...sequenceItems.subarray(sequenceOffsets[user], sequenceOffsets[user + 1])];
}

// Catches: a window that is lost, doubled, or cut so that a transition is predicted twice or never.
test('every transition of every user is predicted exactly once per epoch', () => {
  everyEpoch((plans, dataset, { longer, maxLength = 0 }) => {
    const predicted: string[] = [];
    for (const plan of plans) {
      for (const [index, sequence] of sequencesOf(plan).entries()) {
        assert.ok(sequence.length >= 2 && sequence.length <= maxLength + 1);
        for (let at = 1; at < sequence.length; at++) {
          predicted.push(`${plan.users[index]}: ${sequence[at - 1]} ${sequence[at]}`);
        }
      }
    }
    const wanted: string[] = [];
    for (let user = 0; user + 1 < dataset.sequenceOffsets.length; user++) {
      const whole = historyOf(dataset, user);
      const history = longer === 'last' ? whole.slice(-maxLength - 1) : whole;
      for (let at = 1; at < history.length; at++) {
        wanted.push(`${user}: ${history[at - 1]} ${history[at]}`);
      }
    }
    assert.deepEqual(predicted.sort(), wanted.sort());
  });
});

// Catches: a full step after the last partial one, or a last partial one that is dropped.
test('every step is full except the last of an epoch', () => {
  everyEpoch((plans, dataset, options) => {
    const counts = plans.map(({ users }) => users.length);
    const last = counts.pop() ?? 0;
    assert.ok(counts.every((count) => count === options.sequences));
    assert.ok(last >= 1 && last <= (options.sequences ?? 0));
    assert.equal(plans.length, stepsPerEpoch(planJob(options), dataset));
  });
});

// Catches: an epoch order that repeats, or does not reach every place.
test('epochs have different orders, of the same sequences', () => {
  const planner = new Planner(planJob({ sequences: 40 }), planDataset(Array(40).fill(9), 50));
  const orders = [0, 1, 2].map((epoch) => planner.plan(step(epoch)));
  const keys = orders.map((plan) => sequencesOf(plan).map(String).sort().join(' '));
  assert.equal(new Set(keys).size, 1);
  const half = new Planner(planJob({ sequences: 20 }), planDataset(Array(40).fill(9), 50));
  const firsts = [0, 1, 2].map((epoch) => String([...half.plan(step(2 * epoch)).users].sort()));
  assert.equal(new Set(firsts).size, 3);
});

// Catches: state that leaks from one step into the next: caches, marks, rows of an earlier step.
test('a plan depends on its step only, not on what was planned before', () => {
  fc.assert(
    fc.property(
      jobs,
      fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 8 }),
      (options, steps) => {
        const dataset = planDataset([5, 0, 19, 2, 23, 7, 7, 12, 1, 4], 12);
        const planner = new Planner(planJob(options), dataset);
        for (const number of steps) {
          const fresh = planStep(planJob(options), dataset, step(number));
          assert.deepEqual(planner.plan(step(number)), fresh);
        }
      },
    ),
  );
});

// Catches: a seed that does not reach the order or the negatives.
test('another seed gives another plan', () => {
  const dataset = planDataset(Array(30).fill(9), 50);
  const [first, second] = [1, 2].map((seed) =>
    planStep(planJob({ seed, sequences: 10, negatives: { total: 20 } }), dataset, step(0)),
  );
  assert.notDeepEqual(first?.users, second?.users);
  assert.notDeepEqual(first?.negatives, second?.negatives);
});

// Catches: rows that point past the matrix, an item encoded twice or never, lanes that overlap.
test('rows, items and offsets agree', () => {
  everyEpoch((plans, dataset, options) => {
    for (const plan of plans) {
      const { items, itemLaneOffsets, userLaneOffsets, users, sequenceOffsets } = plan;
      assert.equal(new Set(items).size, items.length);
      for (const offsets of [itemLaneOffsets, userLaneOffsets]) {
        assert.equal(offsets.length, (options.lanes ?? 0) + 1);
        assert.equal(offsets[0], 0);
        assert.ok(offsets.every((offset, at) => at === 0 || offset >= (offsets[at - 1] ?? 0)));
      }
      assert.equal(itemLaneOffsets.at(-1), items.length);
      assert.equal(userLaneOffsets.at(-1), users.length);
      assert.equal(sequenceOffsets.at(-1), plan.sequenceRows.length);
      const used = new Set([...plan.sequenceRows, ...plan.negatives]);
      assert.equal(used.size, items.length, 'every row is used, and no other');
      assert.ok([...used].every((row) => row >= 0 && row < items.length));
      assert.ok(items.every((item) => item < dataset.itemTokenOffsets.length - 1));
    }
  });
});

// Catches: a lane whose equal lengths are not neighbours, so that packing needs more groups.
test('in a lane the short come first', () => {
  everyEpoch((plans, dataset) => {
    const tokens = (item: number): number =>
      (dataset.itemTokenOffsets[item + 1] ?? 0) - (dataset.itemTokenOffsets[item] ?? 0);
    for (const lane of plans.flatMap(lanePlans)) {
      const keys = Array.from(lane.items, (item) => [tokens(item), item] as const);
      for (let at = 1; at < keys.length; at++) {
        const [a, b] = [keys[at - 1]!, keys[at]!];
        assert.ok(a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]));
      }
      const lengths = Array.from(
        lane.users,
        (_, index) => lane.sequenceOffsets[index + 1]! - lane.sequenceOffsets[index]!,
      );
      assert.deepEqual(
        lengths,
        lengths.toSorted((a, b) => a - b),
      );
    }
  });
});

// Catches: negatives that the sequence itself holds, too few, or items that do not exist.
test('negatives are as many as asked for and not in their sequence', () => {
  everyEpoch((plans, dataset, { negatives = {} }) => {
    const items = dataset.itemTokenOffsets.length - 1;
    for (const plan of plans) {
      const ids = Array.from(plan.negatives, (row) => plan.items[row] as number);
      assert.ok(ids.every((item) => item >= 0 && item < items));
      if (negatives.all) assert.deepEqual(ids, [...Array(items).keys()]);
      if (negatives.total !== undefined) assert.equal(ids.length, negatives.total);
      if (negatives.perUser === undefined) continue;
      assert.equal(ids.length, plan.users.length * negatives.perUser);
      if (plan.users.length === 1) {
        const own = new Set(sequencesOf(plan)[0]);
        assert.ok(ids.every((item) => !own.has(item)));
      }
    }
  });
});

// Catches: a plan that hangs where a sequence holds the whole catalogue.
test('a sequence of the whole catalogue still gets negatives', () => {
  const dataset: PlanDataset = {
    digest: 'whole',
    sequenceOffsets: Uint32Array.of(0, 3),
    sequenceItems: Int32Array.of(0, 1, 2),
    sequenceLabels: null,
    itemTokenOffsets: Uint32Array.of(0, 1, 2, 3),
    itemTokens: distinctTokens(Uint32Array.of(0, 1, 2, 3)),
  };
  const plan = planStep(planJob({ negatives: { perUser: 5 } }), dataset, step(0));
  assert.equal(plan.negatives.length, 5);
});

// Catches: a negative that reads exactly like the positive and is held against the model all the
// same, since only ids were compared; and a text that is encoded once for each of its items.
test('items whose texts read the same have one row', () => {
  const itemTokenOffsets = Uint32Array.of(0, 3, 6, 9, 12);
  const dataset: PlanDataset = {
    digest: 'editions',
    sequenceOffsets: Uint32Array.of(0, 3),
    sequenceItems: Int32Array.of(3, 1, 2),
    sequenceLabels: null,
    itemTokenOffsets,
    // Items 1 and 3 are the same, item 0 differs from them in its last token.
    itemTokens: Int32Array.of(5, 6, 7, 5, 6, 8, 9, 9, 9, 5, 6, 8),
  };
  const plan = (maxTextLength: number) =>
    planStep(planJob({ lanes: 1, maxTextLength, negatives: { all: true } }), dataset, step(0));
  assert.deepEqual([...plan(3).items], [0, 1, 2]);
  assert.deepEqual([...plan(3).negatives], [0, 1, 2, 1]);
  assert.deepEqual([...plan(3).sequenceRows], [1, 1, 2]);
  // Of two tokens the model sees no difference between item 0 and them either.
  assert.deepEqual([...plan(2).items], [0, 2]);
  assert.deepEqual([...plan(2).negatives], [0, 0, 1, 0]);
});

// Catches: a negative of a user that is one of the own items under another id.
test('negatives of a sequence read like none of its items', () => {
  const dataset: PlanDataset = {
    digest: 'editions',
    sequenceOffsets: Uint32Array.of(0, 2),
    sequenceItems: Int32Array.of(0, 2),
    sequenceLabels: null,
    itemTokenOffsets: Uint32Array.of(0, 1, 2, 3, 4),
    itemTokens: Int32Array.of(5, 5, 6, 7),
  };
  const { items, negatives } = planStep(planJob({ negatives: { perUser: 20 } }), dataset, step(0));
  assert.ok(negatives.every((row) => items[row] === 3));
});

// Catches: items that only held-out interactions have, missing from the catalogue's negatives.
test('an item that nobody trains on is a negative all the same', () => {
  const dataset: PlanDataset = {
    digest: 'held out',
    sequenceOffsets: Uint32Array.of(0, 2),
    sequenceItems: Int32Array.of(1, 0),
    sequenceLabels: null,
    itemTokenOffsets: Uint32Array.of(0, 4, 6, 9),
    itemTokens: distinctTokens(Uint32Array.of(0, 4, 6, 9)),
  };
  const plan = planStep(planJob({ lanes: 1, negatives: { all: true } }), dataset, step(0));
  assert.deepEqual([...plan.items], [1, 2, 0]);
  assert.deepEqual([...plan.negatives], [2, 0, 1]);
  assert.deepEqual([...plan.sequenceRows], [0, 2]);
});

// Catches: negatives that favour some items, or repeat from step to step.
test('drawn negatives are uniform over the catalogue', () => {
  const job = planJob({ sequences: 10, negatives: { total: 100 } });
  const planner = new Planner(job, planDataset(Array(10).fill(5), 20));
  const counts = new Int32Array(20);
  for (let number = 0; number < 200; number++) {
    const plan = planner.plan(step(number));
    for (const row of plan.negatives) counts[plan.items[row]!] = counts[plan.items[row]!]! + 1;
  }
  const chiSquared = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  assert.ok(chiSquared < 52, `the 99.99 % bound for 19 degrees is 50.8, not ${chiSquared}`);
});

/** The values of a step, put together from its lanes' messages alone. */
function reassembled(
  lanes: readonly LanePlan[],
): Pick<StepPlan, 'items' | 'users' | 'sequenceRows'> {
  const joined = (name: 'items' | 'users' | 'sequenceRows'): Int32Array =>
    Int32Array.from(lanes.flatMap((lane) => [...lane[name]]));
  return { items: joined('items'), users: joined('users'), sequenceRows: joined('sequenceRows') };
}

// Catches: a lane of which nobody, or two members, would get the message.
test('whatever the number of workers, their lanes cover the plan once', () => {
  everyEpoch((plans, _, { lanes = 0 }) => {
    const plan = plans[0] as StepPlan;
    for (const members of [1, 2, 3, lanes, lanes + 2]) {
      const owned = Array.from({ length: members }, (_, member) =>
        lanesOf(evenShares(members, lanes).run(rank(member))).map((lane) => lanePlan(plan, lane)),
      ).flat();
      const { items, users, sequenceRows } = plan;
      assert.deepEqual(reassembled(owned), { items, users, sequenceRows });
    }
  });
});

// Catches: offsets of a lane that still count from the step's beginning, memory shared with the
// plan, and messages that carry the whole step because they are views of it.
test('a lane stands for itself', () => {
  everyEpoch((plans) => {
    for (const plan of plans) {
      for (const message of lanePlans(plan)) {
        assert.equal(message.sequenceOffsets[0], 0);
        assert.equal(message.sequenceOffsets.length, message.users.length + 1);
        assert.equal(message.sequenceOffsets.at(-1), message.sequenceRows.length);
        const { itemLaneOffsets, lane } = message;
        assert.equal(message.items.length, itemLaneOffsets[lane + 1]! - itemLaneOffsets[lane]!);
        assert.equal(message.items.buffer.byteLength, message.items.byteLength);
        assert.deepEqual(message.negatives, plan.negatives);
      }
    }
  });
});

// Catches: a mean over the wrong count, or an empty lane that divides by zero.
test('the loss scales add up to a mean', () => {
  everyEpoch((plans, _, { normalisation }) => {
    for (const plan of plans) {
      const lanes = lanePlans(plan);
      const predictions = (lane: LanePlan): number => lane.sequenceRows.length - lane.users.length;
      const total = lanes.reduce((sum, lane) => sum + predictions(lane) * lane.lossScale, 0);
      assert.ok(Math.abs(total - 1) < 1e-12);
      const full = lanes.filter((lane) => predictions(lane) > 0);
      assert.ok(lanes.every((lane) => full.includes(lane) || lane.lossScale === 0));
      const weights = full.map((lane) =>
        normalisation === 'lane' ? lane.lossScale * predictions(lane) : lane.lossScale,
      );
      assert.ok(weights.every((weight) => Math.abs(weight - (weights[0] ?? 0)) < 1e-12));
    }
  });
});

// Catches: a dataset of too short histories that ends in steps without sequences.
test('a dataset without a training sequence is refused', () => {
  assert.throws(() => planStep(planJob(), planDataset([1, 0, 1], 5), step(0)), {
    code: 'EMPTY_PLAN',
    message: /^Cannot plan a step: none of 3 users has a training sequence/,
  });
});

const smallest =
  'apiVersion: lockstep.dev/v1alpha1\nkind: TrainingJob\nmetadata: {name: a}\n' +
  'spec: {data: {dataset: d}}';

// Catches: epochs and steps that are mixed up, and a warm-up that never ends.
test('the length of a job is its steps, or its epochs of steps', () => {
  const job = (...sets: string[]) => parseJob(smallest, ['batch.sequences=4', ...sets]);
  const dataset = planDataset([60, 51, 1, 20], 30);
  assert.equal(stepsPerEpoch(job(), dataset), 1);
  assert.equal(totalSteps(job('batch.sequences=3', 'duration.epochs=5'), dataset), 10);
  assert.equal(totalSteps(job('duration.steps=7'), dataset), 7);
  const tooLong = job('duration.epochs=1', 'optimizer.schedule.warmupSteps=2');
  assert.throws(() => totalSteps(tooLong, dataset), {
    code: 'JOB_SPEC_INVALID',
    message: /warmupSteps: must be at most the 1 steps of the training: current value is 2/,
  });
});

// Catches: a small dataset whose training ends before anything is learnt.
test('a job without a duration has ten epochs, and more where these are few steps', () => {
  const steps = (users: number) =>
    totalSteps(
      parseJob(smallest, []),
      planDataset(
        Array.from({ length: users }, () => 5),
        30,
      ),
    );
  assert.equal(steps(10), 100);
  assert.equal(steps(3 * 64), 102);
  assert.equal(steps(30 * 64), 300);
});

// Catches: any change of the plan's numbers. A changed plan trains other weights from the same job,
// so it must be deliberate.
test('the plan keeps its numbers', () => {
  const job = planJob({ lanes: 2, maxLength: 3, sequences: 3, negatives: { perUser: 1 } });
  const dataset: PlanDataset = {
    digest: 'numbers',
    sequenceOffsets: Uint32Array.of(0, 6, 8, 12),
    sequenceItems: Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 0, 7, 1, 8),
    sequenceLabels: null,
    itemTokenOffsets: Uint32Array.of(0, 4, 8, 13, 15, 22, 23, 27, 30, 39, 41, 42),
    itemTokens: distinctTokens(Uint32Array.of(0, 4, 8, 13, 15, 22, 23, 27, 30, 39, 41, 42)),
  };
  const plan = planStep(job, dataset, step(0));
  const values = Object.entries(plan).map(([name, value]) => [
    name,
    ArrayBuffer.isView(value) ? [...(value as Int32Array)] : value,
  ]);
  assert.deepEqual(Object.fromEntries(values), {
    step: 0,
    epoch: 0,
    lanes: 2,
    // Costs 2, 3, 5, 5, 10 and 4, 5, 6, 8.
    items: [5, 3, 0, 6, 8, 7, 1, 2, 4],
    itemLaneOffsets: [0, 5, 9],
    // Items 5, 6 and 8.
    negatives: [0, 3, 4],
    // User 0's newest window 2 3 4 5; user 1's 6 7; user 0's oldest window 0 1 2.
    users: [0, 1, 0],
    userLaneOffsets: [0, 1, 3],
    sequenceOffsets: [0, 4, 6, 9],
    sequenceRows: [7, 1, 8, 0, 3, 5, 2, 6, 7],
    targets: null,
    normalisation: 'global',
  });
});
