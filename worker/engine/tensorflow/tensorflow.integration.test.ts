import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { add, backend, fill, getGradient, memory, tensor1d } from '@tensorflow/tfjs-core';
import { EngineUnavailableError } from '../../../process/engine-files.js';
import { openTinyModel, tinyPlan, trainTiny } from '../../model/tiny-step.js';
import type { Engine } from '../engine.js';
import { gradients } from '../gradients/register-gradients.js';
import { openEngine } from '../open-engine.js';
import { tensorflowIsMissing } from './tfjs-node.js';

const missing = tensorflowIsMissing();

/** Tensors inside the addon; tfjs's own count would miss one that only the addon has. */
const tensorsOfAddon = (): number =>
  (backend() as unknown as { getNumOfTFTensors(): number }).getNumOfTFTensors();

describe('the engine tensorflow', { skip: missing }, () => {
  let engine: Engine;
  before(async () => {
    engine = await openEngine('tensorflow', { threads: 1 });
  });

  // Would catch a library that was loaded before it was told, and whose sums depend on the machine;
  // and an engine that can be opened only once.
  it('has the threads that were asked for first', async () => {
    assert.equal(engine.threads, 1);
    await openEngine('cpu', { threads: 1 });
    assert.equal((await openEngine('tensorflow', { threads: 2 })).threads, 1);
    assert.match(engine.version, /^TensorFlow \d+\.\d+\.\d+$/);
  });

  // Would catch gradients of the package in the place of ours, which other engines then use too.
  it('keeps our gradients', () => {
    for (const gradient of gradients) {
      assert.equal(getGradient(gradient.kernelName)?.gradFunc, gradient.gradFunc);
    }
  });

  // Would catch an array off TensorFlow's alignment that is read from another place.
  it('reads back what was written, wherever the array lies', () => {
    const whole = Float32Array.from({ length: 40 }, (_, index) => index / 3);
    for (const start of [0, 1, 5, 16]) {
      const part = whole.subarray(start, start + 7);
      const x = tensor1d(part);
      const twice = add(x, x);
      assert.deepEqual(
        twice.dataSync(),
        part.map((value) => value + value),
      );
      x.dispose();
      twice.dispose();
    }
  });

  // Would catch a device that is full and is reported as any other failure of a kernel.
  it('says with a code that it is out of memory', () => {
    assert.throws(() => fill([2 ** 25, 2 ** 25], 0), { code: 'OUT_OF_MEMORY' });
  });

  // Would catch a tensor that a kernel of the package makes and nobody disposes of.
  it('holds as much after 50 steps as after one', () => {
    const { model } = openTinyModel();
    const heldAfterAStep = (): number[] => {
      trainTiny(model, tinyPlan);
      return [memory().numTensors, memory().numBytes, tensorsOfAddon()];
    };
    const first = heldAfterAStep();
    for (let step = 2; step <= 50; step++) assert.deepEqual(heldAfterAStep(), first);
    model.dispose();
  });
});

describe('the engine tensorflow where it is not set up', { skip: !missing && 'it is' }, () => {
  // Would catch an error that names a file and leaves the reader alone with it.
  it('names the command that sets it up', async () => {
    await assert.rejects(
      openEngine('tensorflow', { threads: 1 }),
      (error) =>
        error instanceof EngineUnavailableError &&
        error.message.includes('npm run setup -- --engine tensorflow'),
    );
  });
});
