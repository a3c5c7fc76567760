import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { backend, engine, memory, ones, tensor1d } from '@tensorflow/tfjs-core';
import { systemClock } from '../../../shared/clock.js';
import { rank } from '../../../shared/ids.js';
import { javascriptArithmetic } from '../../arithmetic/javascript-arithmetic.js';
import { openExchange } from '../../collective/exchange.js';
import { openTinyModel, tinyItems, tinyPlan } from '../../model/tiny-step.js';
import { Trainer } from '../../training/trainer.js';
import { openEngine } from '../engine.js';

function openTrainer() {
  const { model, flat } = openTinyModel();
  const trainer = new Trainer({
    model,
    exchange: openExchange(null, { rank: rank(0), size: 1, arithmetic: javascriptArithmetic }),
    arithmetic: javascriptArithmetic,
    clock: systemClock,
    optimizer: {
      learningRate: 1e-3,
      schedule: { kind: 'constant', warmupSteps: 0, totalSteps: 1, finalFraction: 1 },
      beta1: 0.9,
      beta2: 0.999,
      eps: 1e-8,
      weightDecay: 0.01,
      clipGradNorm: 1,
    },
    state: {
      parameters: flat,
      firstMoments: new Float32Array(flat.length),
      secondMoments: new Float32Array(flat.length),
    },
    lanes: 1,
    committedSteps: 0,
    textsOf: (items) => tinyItems([...items]),
  });
  return trainer;
}

const held = (): Record<string, number> => {
  const { numTensors } = memory();
  const native = backend().memory() as unknown as { numBytesNative: number; numGraphs: number };
  return {
    tensors: numTensors,
    data: backend().numDataIds(),
    bytes: native.numBytesNative,
    graphs: native.numGraphs,
  };
};

describe('torch backend', () => {
  before(() => openEngine('torch', { threads: 1 }));

  // Would catch a native error that says neither what was run nor on what.
  it('names the kernel and the shapes of what it cannot compute', () => {
    const inputs = { a: ones([1, 2, 3]), b: ones([1, 4, 5]) };
    assert.throws(
      () => engine().runKernel('BatchMatMul', inputs, { transposeA: false, transposeB: false }),
      (error: Error) =>
        ['BatchMatMul', '[1, 2, 3]', '[1, 4, 5]'].every((part) => error.message.includes(part)),
    );
  });

  // Would catch a read of freed memory.
  it('refuses data that was disposed of', () => {
    const { dataId } = tensor1d([1, 2]);
    backend().disposeData(dataId, true);
    assert.throws(() => backend().readSync(dataId), /disposed of/);
  });

  // Would catch a tensor or an autograd graph that a step leaves behind.
  it('holds as much after 200 steps as after two', async () => {
    const trainer = openTrainer();
    for (let warm = 0; warm < 2; warm++) await trainer.step([tinyPlan]);
    const start = held();
    for (let more = 0; more < 198; more++) await trainer.step([tinyPlan]);
    assert.ok((start.bytes as number) > 0);
    assert.deepEqual(held(), start);
  });
});
