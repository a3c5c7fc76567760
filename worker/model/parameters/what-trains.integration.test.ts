import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { openEngine } from '../../engine/open-engine.js';
import { type Computation, plainComputation } from '../model-config.js';
import { openTinyModel, tinyPlan, trainTiny } from '../tiny-step.js';
import { mergeAdapters, moveParameters } from './move-parameters.js';
import { itemTokenName, tokenEmbeddingName } from './parameter-layout.js';
import type { TowerTraining, WhatTrains } from './what-trains.js';

const lora: TowerTraining = { kind: 'lora', rank: 2, alpha: 3, targets: ['q', 'v', 'down'] };
const last: TowerTraining = { kind: 'last', layers: 1 };
const nothing: TowerTraining = { kind: 'nothing' };

const cases: readonly WhatTrains[] = [
  { item: lora, user: lora },
  { item: last, user: nothing },
  { item: nothing, user: last },
  { item: nothing, user: nothing },
];

const computations: readonly Computation[] = [
  plainComputation,
  { precision: 'bf16', activations: 'layer' },
];

function assertNear(
  got: Float32Array,
  expected: Float32Array,
  { precision }: Computation,
  name: string,
): void {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
  const tolerance = (precision === 'bf16' ? 2e-2 : 2e-4) * largest;
  got.forEach((value, index) => {
    assert.ok(Math.abs(value - (expected[index] as number)) <= tolerance, `${name}[${index}]`);
  });
}

for (const computation of computations) {
  describe(`what trains on libtorch in ${computation.precision}`, () => {
    let device: string;
    before(async () => {
      ({ device } = await openEngine('torch', { threads: 1, deterministic: true }));
    });

    // Would catch a fused layer that gives other bits, or none, where some gradients are not wanted.
    it('computes as where everything trains', () => {
      for (const trains of cases) {
        const { model, flat } = openTinyModel({}, { trains, computation });
        for (const { b } of model.layout.adapters) model.layout.view(flat, b).fill(0.1);
        model.reload();
        const some = trainTiny(model, tinyPlan);
        const whole = openTinyModel({}, { computation });
        const merged = mergeAdapters({ layout: model.layout, flat });
        moveParameters(merged, { layout: whole.model.layout, flat: whole.flat }, 1);
        whole.model.load(whole.flat);
        const every = trainTiny(whole.model, tinyPlan);
        const loss = every.result.loss;
        assert.ok(Math.abs(some.result.loss - loss) <= (device === 'cpu' ? 0 : 1e-3 * loss));
        for (const { name } of model.layout.entries) {
          const sameOrder = name !== itemTokenName || model.layout.isTrained(tokenEmbeddingName);
          const isCompared = model.layout.isTrained(name) && whole.model.layout.has(name);
          if (!isCompared || !sameOrder) continue;
          const got = model.layout.view(some.gradient, name);
          const expected = whole.model.layout.view(every.gradient, name);
          // A GPU's products may add in another order where they are of another shape.
          if (device === 'cpu') assert.deepEqual(got, expected, name);
          else assertNear(got, expected, computation, name);
        }
      }
    });
  });
}
