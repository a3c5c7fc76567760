import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { memory } from '@tensorflow/tfjs-core';
import { openEngine } from '../../engine/open-engine.js';
import { uniform } from '../autodiff/gradient-check.js';
import type { ModelConfig } from '../model-config.js';
import {
  openTinyModel,
  slopeErrors,
  tinyItems,
  tinyPlan,
  tinyTexts,
  trainTiny,
} from '../tiny-step.js';
import { mergeAdapters, moveParameters } from './move-parameters.js';
import { itemTokenName, tokenEmbeddingName } from './parameter-layout.js';
import type { TowerTraining, WhatTrains } from './what-trains.js';

const all: TowerTraining = { kind: 'all' };
const nothing: TowerTraining = { kind: 'nothing' };
const lora: TowerTraining = { kind: 'lora', rank: 2, alpha: 3, targets: ['q', 'v', 'down'] };
const last = (layers: number): TowerTraining => ({ kind: 'last', layers });

const fusion = (kind: 'early-fusion' | 'late-fusion', generativeWeight = 0.3) => ({
  kind,
  generativeWeight,
});
const late = { objective: fusion('late-fusion') };
const earlyAlone = { objective: fusion('early-fusion', 0) };

/** With targets, which the generative objective does not read. */
const plan = {
  ...tinyPlan,
  targets: {
    offsets: Int32Array.of(0, 2, 2, 4),
    rows: Int32Array.of(3, 0, 4, 4),
    labels: Float32Array.of(1, 0, 1, 0),
    scale: 1 / 4,
  },
};

const open = (trains: WhatTrains, changes: Partial<ModelConfig> = {}) => {
  const { model, flat } = openTinyModel(changes, { trains });
  // B begins with zeros, which would hide A's gradient and the adapter itself.
  const next = uniform(5);
  for (const { b } of model.layout.adapters) {
    const values = model.layout.view(flat, b);
    values.forEach((_, index) => {
      values[index] = next() / 4;
    });
  }
  model.load(flat);
  return { model, flat };
};

const cases: readonly (readonly [
  name: string,
  trains: WhatTrains,
  config?: Partial<ModelConfig>,
])[] = [
  ['adapters in both towers', { item: lora, user: lora }],
  ['adapters under means', { item: lora, user: all }, { itemEmbedding: 'mean' }],
  ['a frozen Item LLM', { item: nothing, user: all }],
  ['a frozen User LLM', { item: all, user: nothing }],
  ['the last layer of the Item LLM', { item: last(1), user: all }],
  ['all layers of both', { item: last(2), user: last(1) }],
  ['nothing but the objective', { item: nothing, user: nothing }],
  ['early fusion with adapters', { item: lora, user: lora }, { objective: fusion('early-fusion') }],
  ['early fusion over frozen items', { item: nothing, user: last(1) }, earlyAlone],
  ['the [USER] token and the head of late fusion', { item: nothing, user: nothing }, late],
];

describe('what trains', () => {
  before(() => openEngine('cpu', { threads: 1 }));

  for (const [name, trains, config] of cases) {
    // Would catch a gradient that has other bits where its neighbour is frozen.
    it(`${name}: computes as where everything trains`, () => {
      const { model, flat } = open(trains, config);
      const some = trainTiny(model, plan);
      const merged = mergeAdapters({ layout: model.layout, flat });
      const whole = openTinyModel(config);
      moveParameters(merged, { layout: whole.model.layout, flat: whole.flat }, 1);
      whole.model.load(whole.flat);
      const every = trainTiny(whole.model, plan);
      assert.equal(some.result.loss, every.result.loss);
      for (const { name } of model.layout.entries) {
        // Where the words are frozen, the rows of the [ITEM] token are added by the engine.
        const sameOrder = name !== itemTokenName || model.layout.isTrained(tokenEmbeddingName);
        if (!model.layout.isTrained(name) || !whole.model.layout.has(name) || !sameOrder) continue;
        assert.deepEqual(
          model.layout.view(some.gradient, name),
          whole.model.layout.view(every.gradient, name),
          name,
        );
      }
      model.dispose();
      whole.model.dispose();
    });

    // Would catch a matrix that keeps the adapter of the step before, and a frozen one that is freed.
    it(`${name}: reads anew what an update has moved`, () => {
      const { model, flat } = open(trains, config);
      for (let update = 1; update <= 2; update++) {
        for (const { offset, size } of model.layout.entries) {
          if (offset >= model.layout.trainedLength) continue;
          for (let index = offset; index < offset + size; index++) {
            flat[index] = (flat[index] as number) * 1.5;
          }
        }
        model.reload();
      }
      const moved = trainTiny(model, plan);
      model.load(flat);
      assert.deepEqual(moved, trainTiny(model, plan));
      model.dispose();
    });

    // Would catch states below the lowest layer that trains, or gradients nobody asked for, that stay.
    it(`${name}: holds no tensor after a step`, () => {
      const { model, flat } = open(trains, config);
      trainTiny(model, plan);
      model.load(flat);
      const { numTensors } = memory();
      trainTiny(model, plan);
      model.reload();
      model.encodeItems(tinyItems([...tinyTexts.keys()], model.config)).dispose();
      assert.equal(memory().numTensors, numTensors);
      model.dispose();
    });
  }

  for (const [name, trains, config] of cases.slice(0, 2)) {
    // Would catch an adapter's gradient without its scale, or of A under the name of B.
    it(`${name}: have the gradients that differences of the loss measure`, () => {
      const { model, flat } = open(trains, config);
      const { gradient } = trainTiny(model, plan);
      assert.equal(gradient.length, model.layout.trainedLength);
      const { adapters } = model.layout;
      const token = model.layout.has(itemTokenName) ? [itemTokenName] : [];
      const names = [...adapters.flatMap(({ a, b }) => [a, b]), ...token];
      for (const { name, error } of slopeErrors(model, flat, plan, names, uniform(11))) {
        assert.ok(error < 3e-3, `${name}: off by ${error}`);
      }
    });
  }

  // Would catch adapters that change what a pretrained model computes before the first step.
  it('begins with adapters without effect', () => {
    const plain = openTinyModel().model.embedItems(tinyItems([1, 5]));
    const { model, flat } = openTinyModel({}, { trains: { item: lora, user: all } });
    const layout = model.layout;
    for (const { a, b } of layout.adapters) {
      assert.ok(layout.view(flat, b).every((value) => value === 0));
      assert.ok(layout.view(flat, a).some((value) => value !== 0));
    }
    assert.deepEqual(model.embedItems(tinyItems([1, 5])), plain);
  });

  // Would catch an adapter that is lost at the border of a stage, or added twice.
  it('moves from one layout into another without a change of what is computed', () => {
    const { model, flat } = open({ item: lora, user: last(1) });
    const before = model.embedItems(tinyItems([1, 5]));
    const wider: TowerTraining = { ...lora, targets: ['q', 'up'] };
    for (const trains of [
      { item: lora, user: nothing },
      { item: wider, user: all },
      { item: nothing, user: lora },
    ]) {
      const moved = openTinyModel({}, { trains });
      moveParameters(
        { layout: model.layout, flat },
        { layout: moved.model.layout, flat: moved.flat },
        1,
      );
      moved.model.load(moved.flat);
      assert.deepEqual(moved.model.embedItems(tinyItems([1, 5])), before);
    }
  });

  it('refuses the weights of another model by name', () => {
    const { model, flat } = openTinyModel();
    const other = openTinyModel({ vocabularySize: 29 }).model.layout;
    assert.throws(
      () =>
        moveParameters(
          { layout: model.layout, flat },
          { layout: other, flat: new Float32Array(other.length) },
          1,
        ),
      /"item_llm\.model\.embed_tokens\.weight" is \[23,8\]: the model needs \[29,8\]/,
    );
  });
});
