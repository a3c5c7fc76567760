import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EmptyPlanError } from '../errors.js';
import { lane, step } from '../ids.js';
import type { LanePlan } from './lane-plan.js';
import { lanePlan, type StepPlan, stepsPerEpoch } from './plan.js';
import { distinctTokens, type PlanJobOptions, planDataset, planJob } from './plan-fixture.js';
import { type PlanDataset, type PlanObjective, unlabelled } from './plan-input.js';
import { Planner, planStep } from './planner.js';

const histories = fc.array(fc.integer({ min: 0, max: 19 }), { minLength: 1, maxLength: 12 });
const perUser = fc.integer({ min: 1, max: 6 });
const fromData = fc.record({ kind: fc.constant('data' as const), perUser });
const sampled = fc.record({
  kind: fc.constant('sampled' as const),
  perUser,
  negatives: fc.integer({ min: 1, max: 3 }),
});

const jobsWith = (
  targets: fc.Arbitrary<NonNullable<PlanObjective['targets']>>,
): fc.Arbitrary<PlanJobOptions> =>
  fc.record({
    seed: fc.nat(),
    lanes: fc.integer({ min: 1, max: 5 }),
    maxLength: fc.integer({ min: 1, max: 8 }),
    longer: fc.constantFrom('windows' as const, 'last' as const),
    sequences: fc.integer({ min: 1, max: 12 }),
    negatives: fc.constantFrom({}, { total: 3 }, { perUser: 1 }),
    normalisation: fc.constantFrom('global' as const, 'lane' as const),
    targets,
  });

interface Example {
  readonly user: number;
  readonly history: readonly number[];
  readonly targets: readonly (readonly [item: number, label: number])[];
}

/** Each sequence of a step with its targets, by catalogue ids. */
function examplesOf(plan: StepPlan): Example[] {
  const { items, users, sequenceOffsets, sequenceRows, targets } = plan;
  assert.ok(targets !== null);
  const itemsOf = (rows: Int32Array): number[] => Array.from(rows, (row) => items[row] as number);
  return Array.from(users, (user, index) => {
    const [first, end] = [targets.offsets[index] as number, targets.offsets[index + 1] as number];
    const labels = targets.labels.subarray(first, end);
    return {
      user,
      history: itemsOf(sequenceRows.subarray(sequenceOffsets[index], sequenceOffsets[index + 1])),
      targets: itemsOf(targets.rows.subarray(first, end)).map(
        (item, at) => [item, labels[at] as number] as const,
      ),
    };
  });
}

const epochOf = (planner: Planner): StepPlan[] =>
  Array.from({ length: planner.stepsPerEpoch }, (_, at) => planner.plan(step(at)));

/** Where every interaction of every user is, and its label. */
function interactionsOf({ sequenceOffsets, sequenceItems, sequenceLabels }: PlanDataset) {
  return Array.from({ length: sequenceOffsets.length - 1 }, (_, user) => {
    const [start, end] = [sequenceOffsets[user] as number, sequenceOffsets[user + 1] as number];
    const items = [...sequenceItems.subarray(start, end)];
    return { user, items, labels: [...(sequenceLabels ?? []).slice(start, end)] };
  });
}

/** The windows as one would say them: the newest targets first, each behind as long a history as is read. */
function wantedExamples(dataset: PlanDataset, options: PlanJobOptions): Example[] {
  const { maxLength = 0, longer, targets } = options;
  const most = targets?.perUser ?? 0;
  return interactionsOf(dataset).flatMap(({ user, items, labels }) => {
    const examples: Example[] = [];
    for (let end = items.length; end > 1; end -= most) {
      const start = Math.max(1, end - most);
      const behind = items
        .slice(start, end)
        .map((item, at) => [item, labels[start + at] as number]);
      examples.push({
        user,
        history: items.slice(Math.max(0, start - maxLength), start),
        targets: behind as [number, number][],
      });
      if (longer === 'last') break;
    }
    return examples;
  });
}

const sorted = (examples: readonly Example[]): string[] =>
  examples.map((example) => JSON.stringify(example)).sort();

// Catches: an interaction that is a target twice or never, a label that belongs to its neighbour, a
// history that holds its own target, and a sequence that counts twice in an epoch.
test('every labelled interaction behind a first one is a target once per epoch, behind its history', () => {
  fc.assert(
    fc.property(histories, jobsWith(fromData), (lengths, options) => {
      const dataset = planDataset([...lengths, 9], 12);
      const planner = new Planner(planJob(options), dataset);
      const found = epochOf(planner).flatMap(examplesOf);
      const wanted = wantedExamples(dataset, options).map((example) => ({
        ...example,
        targets: example.targets.filter(([, label]) => label !== unlabelled),
      }));
      assert.deepEqual(sorted(found), sorted(wanted));
      assert.equal(planner.stepsPerEpoch, stepsPerEpoch(planJob(options), dataset));
    }),
  );
});

// Catches: a wanted item that is drawn as unwanted in the same step, by its id or by its text, and one
// that the user has outside of this history.
test('sampled targets are what follows, each beside unwanted items that the user never had', () => {
  fc.assert(
    fc.property(histories, jobsWith(sampled), (lengths, options) => {
      const dataset = { ...planDataset([...lengths, 9], 60), sequenceLabels: null };
      const own = interactionsOf(dataset).map(({ items }) => new Set(items));
      const count = options.targets?.kind === 'sampled' ? options.targets.negatives : 0;
      const found = epochOf(new Planner(planJob(options), dataset)).flatMap(examplesOf);
      for (const { user, targets } of found) {
        for (const [at, [item, label]] of targets.entries()) {
          assert.equal(label, at % (count + 1) === 0 ? 1 : 0);
          assert.equal(own[user]?.has(item), label === 1);
        }
      }
      const positives = found.map((example) => ({
        ...example,
        targets: example.targets
          .filter(([, label]) => label === 1)
          .map(([item]) => [item, 1] as const),
      }));
      const wanted = wantedExamples(dataset, options).map((example) => ({
        ...example,
        targets: example.targets.map(([item]) => [item, 1] as const),
      }));
      assert.deepEqual(sorted(positives), sorted(wanted));
    }),
  );
});

// Catches: an unwanted item that reads exactly like one of the user's own; and a plan that hangs, or
// breaks the rule, for a user who has the whole catalogue.
test('unwanted items read like none of the user’s, and who has everything gets none', () => {
  const dataset = (sequenceItems: Int32Array): PlanDataset => ({
    digest: 'editions',
    sequenceOffsets: Uint32Array.of(0, sequenceItems.length),
    sequenceItems,
    sequenceLabels: null,
    itemTokenOffsets: Uint32Array.of(0, 1, 2, 3, 4),
    itemTokens: Int32Array.of(5, 5, 6, 7),
  });
  const job = planJob({ targets: { kind: 'sampled', perUser: 1, negatives: 8 } });
  const [most] = examplesOf(planStep(job, dataset(Int32Array.of(0, 2)), step(0)));
  assert.deepEqual(most?.targets, [[2, 1], ...Array(8).fill([3, 0])]);
  const [all] = examplesOf(planStep(job, dataset(Int32Array.of(3, 0, 2)), step(0)));
  assert.deepEqual(all?.targets, [[2, 1]]);
});

// Catches: draws that depend on lanes, on who is planned first, or on an earlier step.
test('targets depend on the step only, and lanes deal them out whole', () => {
  fc.assert(
    fc.property(jobsWith(fc.oneof(fromData, sampled)), fc.nat({ max: 30 }), (options, at) => {
      const dataset = planDataset([5, 0, 19, 2, 17, 7, 7, 12, 1, 4], 40);
      const planner = new Planner(planJob(options), dataset);
      planner.plan(step(at + 1));
      const plan = planner.plan(step(at));
      assert.deepEqual(plan, planStep(planJob(options), dataset, step(at)));
      const alone = planStep(planJob({ ...options, lanes: 1 }), dataset, step(at));
      assert.deepEqual(sorted(examplesOf(plan)), sorted(examplesOf(alone)));

      const lanes = Array.from({ length: plan.lanes }, (_, index) => lanePlan(plan, lane(index)));
      const joined = lanes.flatMap(({ targets }) => [...(targets?.rows ?? [])]);
      assert.deepEqual(joined, [...(plan.targets?.rows ?? [])]);
      checkScales(lanes, options);
    }),
  );
});

/** A step's cross-entropy is a mean: over all targets, or of the lanes' means. */
function checkScales(lanes: readonly LanePlan[], { normalisation }: PlanJobOptions): void {
  const full = lanes.flatMap(({ targets }) =>
    targets !== null && targets.rows.length > 0 ? [targets] : [],
  );
  const total = full.reduce((sum, { rows, scale }) => sum + rows.length * scale, 0);
  if (full.length > 0) assert.ok(Math.abs(total - 1) < 1e-12, `total: ${total}`);
  const shares = full.map(({ rows, scale }) =>
    normalisation === 'lane' ? scale * rows.length : scale,
  );
  assert.ok(shares.every((share) => Math.abs(share - (shares[0] as number)) < 1e-12));
  for (const { targets, users } of lanes) assert.equal(targets?.offsets.length, users.length + 1);
}

// Catches: items of targets that nobody encodes.
test('targets are among the distinct items of the step', () => {
  const dataset: PlanDataset = {
    digest: 'one user',
    sequenceOffsets: Uint32Array.of(0, 3),
    sequenceItems: Int32Array.of(0, 1, 2),
    sequenceLabels: Uint8Array.of(1, 0, 1),
    itemTokenOffsets: Uint32Array.of(0, 1, 2, 3, 4),
    itemTokens: distinctTokens(Uint32Array.of(0, 1, 2, 3, 4)),
  };
  const targets = { kind: 'data', perUser: 2 } as const;
  const plan = planStep(planJob({ lanes: 1, negatives: {}, targets }), dataset, step(0));
  assert.deepEqual([...plan.items], [0, 1, 2]);
  assert.deepEqual(examplesOf(plan), [
    {
      user: 0,
      history: [0],
      targets: [
        [1, 0],
        [2, 1],
      ],
    },
  ]);
});

// Catches: a job whose labels are missing and that trains on nothing, without a word.
test('labels that are not there are asked for', () => {
  const job = planJob({ targets: { kind: 'data', perUser: 2 } });
  const dataset = planDataset([9], 12);
  const without = { ...dataset, sequenceLabels: null };
  assert.throws(() => new Planner(job, without), EmptyPlanError);
  const empty = { ...dataset, sequenceLabels: new Uint8Array(9).fill(unlabelled) };
  assert.throws(() => new Planner(job, empty), /no interaction has a label/);
});
