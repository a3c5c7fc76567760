import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lane, step } from '../ids.js';
import type { LanePart } from '../plan/lane-plan.js';
import { lanePart, sharedPart } from '../plan/plan.js';
import { movieLensLike, planJob } from '../plan/plan-fixture.js';
import { Planner } from '../plan/planner.js';
import { decodeLanePart, encodeLanePart } from './lane-plan-message.js';
import { sha256 } from './parts.js';
import { anyPlans } from './plan-fixture.js';
import { decodeSharedPlan } from './shared-plan-message.js';
import { encodeStepPlan, joinPlan, PlanMismatchError } from './step-plan-message.js';

// Would catch a lane that gets another one's part, or a shared part that lacks something.
test('a plan that was cut and encoded joins to what it was', () => {
  const planner = new Planner(planJob({ lanes: 5 }), movieLensLike());
  for (const at of [0, 7]) {
    const plan = planner.plan(step(at));
    const parts = Array.from({ length: plan.lanes }, (_, of) => lanePart(plan, lane(of)));
    const encoded = encodeStepPlan(sharedPart(plan), parts);
    const shared = decodeSharedPlan(encoded.shared.bytes);
    for (const [of, { bytes, sha256: digest }] of encoded.lanes.entries()) {
      const joined = joinPlan(shared, decodeLanePart(bytes), digest);
      assert.deepEqual(joined, { ...sharedPart(plan), ...parts[of] });
    }
  }
});

// Would catch lanes that train on different negatives: members would wait for each other for ever, or
// agree on weights that are nobody's.
test('a lane of any other plan does not fit, and the error names step, lane and difference', () => {
  fc.assert(
    fc.property(anyPlans, anyPlans, (one, other) => {
      const { shared, lanes } = encodeStepPlan(one.shared, one.lanes);
      const foreign = encodeStepPlan(other.shared, other.lanes).lanes[0];
      if (foreign === undefined || foreign.sha256 === lanes[0]?.sha256) return;
      const part = { ...decodeLanePart(foreign.bytes), step: one.shared.step };
      assert.throws(
        () => joinPlan(decodeSharedPlan(shared.bytes), part, sha256(encodeLanePart(part))),
        (error: unknown) => {
          assert.ok(error instanceof PlanMismatchError);
          assert.match(error.message, /^Cannot train step \d+: the plan of lane 0 (has|is|names) /);
          return true;
        },
      );
    }),
  );
});

// Would catch an out-of-range row that reaches native code because each part alone is in order.
test('parts that fit by their digest must fit by their numbers too', () => {
  const shared = {
    step: step(3),
    lanes: 1,
    itemLaneOffsets: Int32Array.of(0, 2),
    negatives: Int32Array.of(1),
  };
  const part = {
    step: step(3),
    lane: lane(0),
    lanes: 1,
    items: Int32Array.of(4, 5),
    users: Int32Array.of(0),
    sequenceOffsets: Int32Array.of(0, 2),
    sequenceRows: Int32Array.of(0, 1),
    lossScale: 1,
    targets: null,
  };
  const join = (changed: LanePart): unknown => {
    const plan = encodeStepPlan(shared, [changed]);
    return joinPlan(decodeSharedPlan(plan.shared.bytes), changed, plan.lanes[0]?.sha256 ?? '');
  };
  assert.doesNotThrow(() => join(part));
  assert.throws(() => join({ ...part, sequenceRows: Int32Array.of(0, 2) }), /row 2: .* has 2 rows/);
  const targets = {
    offsets: Int32Array.of(0, 1),
    rows: Int32Array.of(2),
    labels: Float32Array.of(1),
    scale: 1,
  };
  assert.throws(() => join({ ...part, targets }), /names row 2: the step has 2 rows/);
  assert.throws(() => join({ ...part, items: Int32Array.of(4) }), /1 items: .* gives it 2/);
});

// Would catch negatives that travel once for each lane: 256 times in a large job.
test('what all lanes share is in one message only', () => {
  const planner = new Planner(
    planJob({ lanes: 64, sequences: 64, negatives: { total: 4096 } }),
    movieLensLike(),
  );
  const plan = planner.plan(step(0));
  const parts = Array.from({ length: 64 }, (_, of) => lanePart(plan, lane(of)));
  const { shared, lanes } = encodeStepPlan(sharedPart(plan), parts);
  const own = lanes.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  assert.ok(shared.bytes.byteLength < 4 * 4096 + 64 * 40 + 200);
  assert.ok(own < 4 * (plan.items.length + plan.sequenceRows.length + 3 * 64) + 64 * 200);
});
