import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { memory } from '@tensorflow/tfjs-core';
import { openEngine } from '../engine/open-engine.js';
import { uniform } from './autodiff/gradient-check.js';
import { Hllm } from './hllm.js';
import { packItems } from './items/packed-items.js';
import { logitScale } from './objectives/generative/temperature.js';
import { tinyModel } from './tiny-model.js';
import {
  openTinyModel,
  slopeErrors,
  testWeights,
  tinyItems,
  tinyPlan,
  tinyPlanOf,
  tinyTexts,
  trainTiny,
} from './tiny-step.js';

describe('HLLM', () => {
  before(() => openEngine('cpu', { threads: 1 }));

  // Would catch any gradient that is lost, doubled or misplaced between the phases of a step.
  for (const itemEmbedding of ['item-token', 'mean'] as const) {
    it(`has the gradients that differences of the loss measure (${itemEmbedding})`, () => {
      const { model, flat } = openTinyModel({ itemEmbedding });
      const names = model.layout.entries.map(({ name }) => name);
      for (const { name, error } of slopeErrors(model, flat, tinyPlan, names, uniform(11))) {
        assert.ok(error < 3e-3, `${name}: off by ${error}`);
      }
    });
  }

  // Would catch a tensor that some phase of the step forgets.
  it('holds the same memory after 200 steps as after one', () => {
    const { model, flat } = openTinyModel();
    const train = (): void => {
      const { gradient } = trainTiny(model, tinyPlan);
      flat.forEach((value, index) => {
        flat[index] = value - 1e-3 * (gradient[index] as number);
      });
      model.load(flat);
    };
    train();
    const { numTensors, numBytes } = memory();
    for (let count = 1; count < 200; count++) train();
    assert.deepEqual(
      { tensors: memory().numTensors, bytes: memory().numBytes },
      { tensors: numTensors, bytes: numBytes },
    );
  });

  // Would catch a dispose that leaves a phase's tensors, when a step is given up between phases.
  it('frees an encoding that is never pulled back', () => {
    const { model } = openTinyModel();
    const { numTensors } = memory();
    model.encodeItems(tinyItems([1, 2, 5])).dispose();
    assert.equal(memory().numTensors, numTensors);
    model.dispose();
    assert.ok(memory().numTensors < numTensors);
  });

  it('learns to tell the next item', () => {
    const { model, flat } = openTinyModel();
    const first = trainTiny(model, tinyPlan).result.loss;
    for (let count = 0; count < 60; count++) {
      const { gradient } = trainTiny(model, tinyPlan);
      flat.forEach((value, index) => {
        flat[index] = value - 0.05 * (gradient[index] as number);
      });
      model.load(flat);
    }
    assert.ok(trainTiny(model, tinyPlan).result.loss < first / 2);
  });

  // Would catch state that leaks from one lane into the next: workers then disagree.
  it('gives a lane the same bits whatever was computed before it', () => {
    const { model } = openTinyModel();
    const alone = trainTiny(model, tinyPlan);
    trainTiny(model, tinyPlanOf([[6, 5, 4, 3, 2, 1]], 0.5));
    model.encodeItems(tinyItems([6])).dispose();
    assert.deepEqual(trainTiny(model, tinyPlan), alone);
  });

  // Would catch an embedding that depends on its neighbours in the batch.
  it('gives an item the same embedding in any batch', () => {
    const { model } = openTinyModel();
    const all = model.embedItems(tinyItems([0, 1, 2, 3, 4, 5, 6]));
    const hidden = model.hiddenSize;
    for (const item of tinyTexts.keys()) {
      const one = model.embedItems(tinyItems([item]));
      assert.deepEqual(one, all.slice(item * hidden, (item + 1) * hidden));
    }
  });

  // Would catch an item without text that is dropped, or read as its neighbour.
  it('encodes an empty text as the [ITEM] token alone', () => {
    const { model } = openTinyModel();
    const offsets = Uint32Array.of(0, 0, 1);
    const both = model.embedItems(packItems({ tokens: Int32Array.of(4), offsets }, tinyModel));
    const second = model.embedItems(tinyItems([1]));
    assert.deepEqual(both.subarray(model.hiddenSize), second);
    assert.ok(both.subarray(0, model.hiddenSize).some((value) => value !== 0));
  });

  // Would catch gradients of the step before that stay in a lane's vector.
  it('overwrites both sections with zeros for an empty lane', () => {
    const { model } = openTinyModel();
    const embeddings = model.embedItems(tinyItems([...tinyTexts.keys()]));
    const gradient = new Float32Array(model.layout.length).fill(7);
    const encoding = model.encodeItems(tinyItems([]));
    const result = model.trainUsers(tinyPlanOf([], 0), embeddings, gradient);
    encoding.pullback(new Float32Array(0), gradient);
    assert.equal(encoding.embeddings.length, 0);
    assert.ok(gradient.every((value) => value === 0));
    assert.ok(result.dEmbeddings.every((value) => value === 0));
    assert.deepEqual(
      [result.loss, result.measures.predictions, result.measures.live_negatives],
      [0, 0, 0],
    );
  });

  // Would catch an evaluation that reads another row than the one that is trained to predict.
  it('reads for evaluation what it was trained to predict', () => {
    const { model } = openTinyModel();
    const keeping = new Hllm(tinyModel, { keepLogits: true });
    keeping.load(testWeights(keeping));
    const embeddings = model.embedItems(tinyItems([...tinyTexts.keys()]));
    const hidden = model.hiddenSize;
    const sequences = { offsets: Int32Array.of(0, 2), rows: Int32Array.of(5, 4) };
    const user = model.readUsers(sequences, embeddings);
    const gradient = new Float32Array(model.layout.length);
    const { outputs } = keeping.trainUsers(tinyPlanOf([[5, 4, 1]], 1), embeddings, gradient);
    const item = embeddings.slice(hidden, 2 * hidden);
    const dot = (a: Float32Array, b: Float32Array): number =>
      a.reduce((sum, value, index) => sum + value * (b[index] as number), 0);
    const cosine = dot(user, item) / Math.sqrt(dot(user, user) * dot(item, item));
    const scale = Math.exp(logitScale(keeping.layout, testWeights(keeping)));
    // Row 1 predicts item 1 after [5, 4]; its logits start with the positive.
    const positive = (outputs.logits as Float32Array)[1 + tinyPlan.negatives.length] as number;
    assert.ok(Math.abs(positive - scale * cosine) < 1e-5);
  });

  // Would catch a temperature that leaves the range in which the reference keeps it.
  it('clamps the temperature', () => {
    const { model, flat } = openTinyModel();
    const { offset } = model.layout.entry('logit_scale');
    flat[offset] = 9;
    assert.equal(logitScale(model.layout, flat), Math.fround(Math.log(100)));
    flat[offset] = -1;
    model.constrain(flat);
    assert.equal(flat[offset], 0);
  });

  it('says so when it has no parameters', () => {
    assert.throws(() => new Hllm(tinyModel).embedItems(tinyItems([1])), /call load first/);
  });
});
