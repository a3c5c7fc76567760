/** A step that nobody wants any more ends before its next kernel, and leaves nothing behind. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { getKernelsForBackend, memory } from '@tensorflow/tfjs-core';
import { javascriptArithmetic } from '../../worker/arithmetic/javascript-arithmetic.js';
import { LocalExchange } from '../../worker/collective/local-exchange.js';
import { Cancellation } from '../../worker/engine/cancellation.js';
import { openEngine } from '../../worker/engine/open-engine.js';
import { openTinyModel, tinyItems, tinyPlan, tinyTexts } from '../../worker/model/tiny-step.js';
import { openTinyTrainer } from '../../worker/training/step/tiny-trainer-fixture.js';

const batch = { plan: tinyPlan, items: tinyItems([...tinyTexts.keys()]) };
const cancellation = new Cancellation();
let kernels = 0;
let cancelsAt = Number.POSITIVE_INFINITY;
let generation = 1;

before(async () => {
  await openEngine('torch', { threads: 1, cancellation });
  for (const kernel of getKernelsForBackend('torch')) {
    const { kernelFunc } = kernel;
    kernel.kernelFunc = (given) => {
      kernels++;
      if (kernels === cancelsAt) cancellation.cancel(generation);
      return kernelFunc(given);
    };
  }
});

function held() {
  const { numTensors, numDataBuffers, numBytes } = memory();
  const { numBytesNative } = memory() as { numBytesNative?: number };
  return { numTensors, numDataBuffers, numBytes, numBytesNative };
}

function open() {
  const { model, flat } = openTinyModel();
  const exchange = new LocalExchange(javascriptArithmetic, 1);
  const whole = <Result>(update: () => Result): Result => cancellation.shield(update);
  return { model, flat, trainer: openTinyTrainer(model, flat, exchange, { whole }) };
}

// Would catch tensors of twenty generations that were given up, a weight that moves in a step that was
// aborted, and an update that is cut in two: its step is committed, or it never was.
test('twenty steps that are given up leave no tensor, and the state of the last commit', async (context) => {
  const { model, flat, trainer } = open();
  cancellation.computeFor(generation);
  const begin = kernels;
  await trainer.step([batch]);
  const all = kernels - begin;
  context.diagnostic(`${all} kernels a step`);
  const expected = held();
  for (let given = 0; given < 20; given++) {
    const { committedSteps } = trainer;
    const before = [flat, trainer.state.firstMoments].map((vector) => vector.slice());
    cancellation.computeFor(++generation);
    cancelsAt = kernels + 1 + Math.floor((given * all) / 20);
    const outcome = await trainer.step([batch]).then(
      () => 'committed',
      (error: { code?: string }) => error.code,
    );
    cancelsAt = Number.POSITIVE_INFINITY;
    assert.ok(outcome === 'ABORTED' || outcome === 'committed', outcome);
    const isCommitted = outcome === 'committed';
    assert.equal(trainer.committedSteps, committedSteps + Number(isCommitted));
    if (!isCommitted) {
      assert.deepEqual([flat, trainer.state.firstMoments], before);
    }
    assert.deepEqual(held(), expected, `given up at kernel ${Math.floor((given * all) / 20)}`);
  }
  cancellation.computeFor(++generation);
  await trainer.step([batch]);
  assert.deepEqual(held(), expected);
  model.dispose();
});
