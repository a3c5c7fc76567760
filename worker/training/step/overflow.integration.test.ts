import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { javascriptArithmetic } from '../../arithmetic/javascript-arithmetic.js';
import { LocalExchange } from '../../collective/local-exchange.js';
import { openEngine } from '../../engine/open-engine.js';
import { openTinyModel, tinyItems, tinyPlan, tinyTexts } from '../../model/tiny-step.js';
import { openTinyTrainer } from './tiny-trainer-fixture.js';

const batch = { plan: tinyPlan, items: tinyItems([...tinyTexts.keys()]) };
const largest = 3e38;

/** A step on weights of a size that training should never reach. */
function stepOn(size: number, precision: 'f32' | 'bf16') {
  const { model, flat } = openTinyModel({}, { computation: { precision, activations: 'keep' } });
  flat.forEach((weight, index) => {
    flat[index] = Math.min(largest, Math.max(-largest, weight * size));
  });
  const trainer = openTinyTrainer(model, flat, new LocalExchange(javascriptArithmetic, 1));
  return trainer.step([batch]);
}

const combinations = [
  ['cpu', 'f32'],
  ['wasm', 'f32'],
  ['torch', 'f32'],
  ['torch', 'bf16'],
] as const;

for (const [engine, precision] of combinations) {
  describe(`weights that overflow on the engine ${engine} in ${precision}`, () => {
    before(() => openEngine(engine, { threads: 1 }));

    // Would catch a sum that overflows to zeros on its way through a norm, so that a model that has
    // diverged reports a loss of nothing and goes on.
    it('end the step as not finite, and are never clamped to something that looks right', async () => {
      for (const size of [1e8, 1e15, 1e19, 1e22, 1e30, 1e38]) {
        await assert.rejects(stepOn(size, precision), { code: 'NON_FINITE' }, `${size}`);
      }
    });
  });
}
