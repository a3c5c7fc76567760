import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lane, step } from '../../shared/ids.js';
import { openPlansMax } from '../../shared/limits.js';
import { MalformedMessageError } from '../../shared/messages/guard.js';
import { decodeLanePart } from '../../shared/messages/lane-plan-message.js';
import { decodeSharedPlan } from '../../shared/messages/shared-plan-message.js';
import {
  type EncodedPart,
  type EncodedPlan,
  encodeStepPlan,
  PlanMismatchError,
} from '../../shared/messages/step-plan-message.js';
import type { LanePart, LanePlan } from '../../shared/plan/lane-plan.js';
import { PlanCollector } from './plan-collector.js';

const lanes = 3;

/** Plans of a step; `negative` makes them different ones. */
function planOf(at: number, negative = 0): EncodedPlan {
  const parts = Array.from(
    { length: lanes },
    (_, of): LanePart => ({
      step: step(at),
      lane: lane(of),
      lanes,
      items: Int32Array.of(of + negative),
      users: Int32Array.of(of),
      sequenceOffsets: Int32Array.of(0, 2),
      sequenceRows: Int32Array.of(0, 1),
      lossScale: 0.5,
      targets: null,
    }),
  );
  const itemLaneOffsets = Int32Array.of(0, 1, 2, 3);
  const negatives = Int32Array.of(negative);
  return encodeStepPlan({ step: step(at), lanes, itemLaneOffsets, negatives }, parts);
}

const addShared = (collector: PlanCollector, { bytes, sha256 }: EncodedPart): LanePlan[] =>
  collector.addShared(decodeSharedPlan(bytes), sha256);
const addLane = (collector: PlanCollector, { bytes, sha256 }: EncodedPart): LanePlan[] =>
  collector.addLane(decodeLanePart(bytes), sha256);

// Would catch a lane that is lost because its shared part came later, or delivered twice.
test('every lane of every step comes out once, in whatever order the parts come in', () => {
  const steps = [4, 5, 6];
  const parts = steps.flatMap((at) => {
    const plan = planOf(at);
    return [
      (collector: PlanCollector) => addShared(collector, plan.shared),
      ...plan.lanes.map((part) => (collector: PlanCollector) => addLane(collector, part)),
    ];
  });
  const twice = [...parts, ...parts];
  fc.assert(
    fc.property(fc.shuffledSubarray(twice, { minLength: twice.length }), (order) => {
      const collector = new PlanCollector();
      const seen = order
        .flatMap((add) => add(collector))
        .map((plan) => `${plan.step}/${plan.lane}`);
      assert.deepEqual(
        seen.sort(),
        steps.flatMap((at) => [0, 1, 2].map((of) => `${at}/${of}`)),
      );
      assert.equal(collector.digestOf(step(5)), planOf(5).shared.sha256);
    }),
  );
});

// Would catch a forged lane or shared part that takes the place of the first one, before or after
// the other part has come.
test('a part that differs from its siblings or from the one before it ends training', () => {
  const [ours, forged] = [planOf(1), planOf(1, 2)];
  const [our0, their0] = [ours.lanes[0] as EncodedPart, forged.lanes[0] as EncodedPart];
  const mismatch = (act: (collector: PlanCollector) => unknown, text: RegExp): void => {
    assert.throws(
      () => act(new PlanCollector()),
      (error: unknown) => {
        assert.ok(error instanceof PlanMismatchError);
        assert.match(error.message, text);
        return true;
      },
    );
  };
  mismatch((collector) => {
    addShared(collector, ours.shared);
    addLane(collector, their0);
  }, /step 1: the plan of lane 0 has SHA-256/);
  mismatch((collector) => {
    addLane(collector, their0);
    addShared(collector, ours.shared);
  }, /step 1: the plan of lane 0 has SHA-256/);
  mismatch((collector) => {
    addLane(collector, our0);
    addLane(collector, their0);
  }, /lane 0 of step 1 came twice/);
  mismatch((collector) => {
    addShared(collector, ours.shared);
    addLane(collector, our0);
    addLane(collector, their0);
  }, /lane 0 of step 1 came twice/);
  mismatch((collector) => {
    addShared(collector, ours.shared);
    addShared(collector, forged.shared);
  }, /the shared part of step 1 came twice/);
});

// Would catch memory that grows with the run, or with a stranger's plans of far steps.
test('what is over is forgotten, and the number of open steps is bounded', () => {
  const collector = new PlanCollector();
  for (let at = 0; at < openPlansMax; at++) addShared(collector, planOf(at).shared);
  assert.throws(() => addShared(collector, planOf(1000).shared), MalformedMessageError);
  collector.committed(10);
  assert.equal(collector.digestOf(step(9)), null);
  assert.deepEqual(addShared(collector, planOf(9).shared), []);
  assert.deepEqual(addLane(collector, planOf(9).lanes[0] as EncodedPart), []);
  addShared(collector, planOf(1000).shared);
  assert.notEqual(collector.digestOf(step(1000)), null);
});
