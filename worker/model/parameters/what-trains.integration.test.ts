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

for (const computation of computations) {
  describe(`what trains on libtorch in ${computation.precision}`, () => {
    before(() => openEngine('torch', { threads: 1, deterministic: true }));

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
        assert.equal(some.result.loss, every.result.loss);
        for (const { name } of model.layout.entries) {
          const sameOrder = name !== itemTokenName || model.layout.isTrained(tokenEmbeddingName);
          const isCompared = model.layout.isTrained(name) && whole.model.layout.has(name);
          if (!isCompared || !sameOrder) continue;
          assert.deepEqual(
            model.layout.view(some.gradient, name),
            whole.model.layout.view(every.gradient, name),
            name,
          );
        }
      }
    });
  });
}
