import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { memory } from '@tensorflow/tfjs-core';
import { openEngine } from '../../../engine/open-engine.js';
import { uniform } from '../../autodiff/gradient-check.js';
import type { Hllm } from '../../hllm.js';
import {
  openTinyModel,
  slopeErrors,
  tinyItems,
  tinyPlanOf,
  tinyPlanWithTargets,
  tinySequences,
  tinyTexts,
  trainTiny,
} from '../../tiny-step.js';

/** Histories of one item and of several, a user without targets, an item that is asked for twice. */
const histories = [[5], [1, 2], [4, 6], [6, 2, 5, 3]];
const targets = [[2, 3], [0], [], [1, 1, 4]];
const labels = [1, 0, 1, 1, 0, 0];

const plan = tinyPlanWithTargets(histories, targets, labels);

const everyEmbedding = (model: Hllm): Float32Array =>
  model.embedItems(tinyItems([...tinyTexts.keys()]));

for (const kind of ['early-fusion', 'late-fusion'] as const) {
  describe(kind, () => {
    before(() => openEngine('cpu', { threads: 1 }));
    const objective = { kind, generativeWeight: 0.3 };

    // Would catch any gradient that is lost, doubled or misplaced: between the two losses, the rows
    // that they share, the head and the token.
    it('has the gradients that differences of the loss measure', () => {
      const { model, flat } = openTinyModel({ objective });
      const names = model.layout.entries.map(({ name }) => name);
      for (const { name, error } of slopeErrors(model, flat, plan, names, uniform(12))) {
        assert.ok(error < 3e-3, `${name}: off by ${error}`);
      }
    });

    // Would catch targets that see each other, or stand at one another's positions.
    it('gives each target the logit that it has alone', () => {
      const { model } = openTinyModel({ objective });
      const embeddings = everyEmbedding(model);
      const score = (of: number[][], to: number[][]): number[] =>
        Array.from(model.scoreTargets(tinySequences(of), tinySequences(to), embeddings));
      const together = score(histories, targets);
      const alone = histories.flatMap((history, user) =>
        (targets[user] as number[]).flatMap((target) => score([history], [[target]])),
      );
      assert.equal(together.length, labels.length);
      together.forEach((logit, at) => {
        assert.ok(Math.abs(logit - (alone[at] as number)) < 1e-6, `${logit}, alone ${alone[at]}`);
      });
      assert.ok(new Set(together.map((logit) => logit.toFixed(3))).size >= 5, `${together}`);
    });

    // Would catch an evaluation that asks another question than training does.
    it('scores for evaluation as it trains', () => {
      const { model } = openTinyModel({ objective }, { keepLogits: true });
      const embeddings = everyEmbedding(model);
      const { outputs } = model.trainUsers(plan, embeddings, new Float32Array(model.layout.length));
      assert.deepEqual(
        model.scoreTargets(tinySequences(histories), tinySequences(targets), embeddings),
        outputs.class_logits,
      );
    });

    // Would catch a generative part that the targets behind the history reach.
    it('predicts next items as the generative objective does', () => {
      const logitsOf = (changes: Parameters<typeof openTinyModel>[0]): Float32Array => {
        const { model } = openTinyModel(changes, { keepLogits: true });
        const embeddings = everyEmbedding(model);
        const gradient = new Float32Array(model.layout.length);
        return model.trainUsers(plan, embeddings, gradient).outputs.logits as Float32Array;
      };
      const alone = logitsOf({});
      const beside = logitsOf({ objective });
      assert.equal(beside.length, alone.length);
      beside.forEach((logit, at) => {
        const wanted = alone[at] as number;
        assert.ok(logit === wanted || Math.abs(logit - wanted) < 1e-5, `${logit}: ${wanted}`);
      });
    });

    it('reports both losses, and the classification alone where the other has no weight', () => {
      const { result } = trainTiny(openTinyModel({ objective }).model, plan);
      const { generative_loss, classification_loss, targets: asked } = result.measures;
      const sum = 0.3 * (generative_loss as number) + (classification_loss as number);
      assert.ok(Math.abs(result.loss - sum) < 1e-9);
      assert.equal(asked, labels.length);
      const alone = openTinyModel({ objective: { kind, generativeWeight: 0 } }).model;
      const { measures, loss } = trainTiny(alone, { ...plan, negatives: new Int32Array(0) }).result;
      assert.deepEqual(measures, { targets: asked, classification_loss: loss });
    });

    // Would catch gradients of the step before that stay in a lane's vector.
    it('overwrites its section with zeros for a lane without anything to read', () => {
      const { model } = openTinyModel({ objective });
      const gradient = new Float32Array(model.layout.length).fill(7);
      const empty = tinyPlanWithTargets([[]], [[]], []);
      const result = model.trainUsers(empty, everyEmbedding(model), gradient);
      const { start, end } = model.layout.sections.user;
      assert.ok(gradient.subarray(start, end).every((value) => value === 0));
      assert.ok(result.dEmbeddings.every((value) => value === 0));
      assert.equal(result.loss, 0);
    });

    // Would catch a plan of another objective that trains half of this one.
    it('refuses a plan without targets', () => {
      const { model } = openTinyModel({ objective });
      assert.throws(() => trainTiny(model, tinyPlanOf(histories, 1)), /has no targets/);
    });

    it('holds the same memory after many steps as after one', () => {
      const { model } = openTinyModel({ objective });
      trainTiny(model, plan);
      const { numTensors } = memory();
      for (let count = 1; count < 5; count++) trainTiny(model, plan);
      model.scoreTargets(tinySequences(histories), tinySequences(targets), everyEmbedding(model));
      assert.equal(memory().numTensors, numTensors);
    });
  });
}
