import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { memory } from '@tensorflow/tfjs-core';
import type { Dataset } from '../../dataset/dataset.js';
import { evaluationCase } from '../../dataset/training-view.js';
import { rank, step } from '../../shared/ids.js';
import { evenShares } from '../../shared/plan/lane-ownership.js';
import { javascriptArithmetic as arithmetic } from '../arithmetic/javascript-arithmetic.js';
import { openExchange } from '../collective/open-exchange.js';
import { openEngine } from '../engine/open-engine.js';
import { Evaluator } from '../evaluation/evaluate.js';
import type { ObjectiveConfig } from '../model/objectives/objective-config.js';
import { openTinyModel, tinyItemTexts, tinyTexts } from '../model/tiny-step.js';
import { type Catalogue, openCatalogue } from './catalogue.js';
import { Recommender } from './recommender.js';
import type { TrainedModel } from './trained-model.js';

const sequences = [
  [0, 1, 2, 3],
  [6, 5, 4, 3, 2],
  [1, 3, 5, 0],
  [2, 4, 6, 1, 0],
];
const offsets = [0];
for (const { length } of sequences) offsets.push((offsets.at(-1) as number) + length);
const texts = tinyItemTexts([...tinyTexts.keys()]);
const dataset = {
  users: sequences.length,
  items: tinyTexts.length,
  sequenceOffsets: Uint32Array.from(offsets),
  sequenceItems: Int32Array.from(sequences.flat()),
  itemTokenOffsets: texts.offsets,
  itemTokens: texts.tokens,
} as unknown as Dataset;

const maxLength = 3;

type Opened = Promise<{ trained: TrainedModel; catalogue: Catalogue }>;

async function openTrained(objective: ObjectiveConfig = { kind: 'generative' }): Opened {
  const trained = {
    job: { spec: { lanes: 2, objective, data: { sequences: { maxLength } } } },
    dataset,
    model: openTinyModel({ objective }).model,
    checkpoint: { manifest: { committedSteps: 1 } },
  } as unknown as TrainedModel;
  const options = { openBlocks: async () => null, onProgress: () => undefined };
  return { trained, catalogue: await openCatalogue(trained, options) };
}

describe('recommendation', () => {
  before(() => openEngine('cpu', { threads: 1 }));

  // Would catch histories that are cut, packed or masked otherwise than where the model was measured,
  // and answers that go to another user of the batch.
  it('finds what an evaluation finds', async () => {
    const { trained, catalogue } = await openTrained();
    const cutoffs = [1, 2, 3, 4, 5];
    const evaluator = new Evaluator({
      ...{ dataset, model: trained.model, maxLength, cutoffs, repeats: 'allow' },
      exchange: openExchange(null, { rank: rank(0), shares: evenShares(1, 2), arithmetic }),
      onProgress: () => undefined,
    });
    const rows = await evaluator.evaluate({ splits: ['test'], step: step(1), name: 'evaluate' });
    const cases = sequences.map((_, user) => evaluationCase(dataset, 'test', user));
    const answers = new Recommender(trained, catalogue).recommend(
      cases.map(({ history }) => history),
      { top: dataset.items, repeats: false, candidates: 9 },
    );
    for (const cutoff of cutoffs) {
      const found = answers.filter((answer, user) =>
        answer.slice(0, cutoff).some(({ item }) => item === cases[user]?.target),
      );
      const row = rows.find(({ model }) => model === 'hllm');
      assert.equal(found.length / sequences.length, row?.values[`recall@${cutoff}`]);
    }
  });

  // Would catch items that one has had, or none of them where they are wanted; and cosines of vectors
  // of other lengths.
  it('leaves the history out unless it may repeat, and scores by cosine', async () => {
    const { trained, catalogue } = await openTrained();
    const recommender = new Recommender(trained, catalogue);
    const history = Int32Array.of(4, 0, 4);
    const ask = (repeats: boolean) =>
      recommender.recommend([history], { top: 99, repeats, candidates: 9 })[0] ?? assert.fail();
    const itemsOf = (repeats: boolean) =>
      ask(repeats)
        .map(({ item }) => item)
        .sort();
    assert.deepEqual(itemsOf(true), [...tinyTexts.keys()]);
    assert.deepEqual(itemsOf(false), [1, 2, 3, 5, 6]);
    assert.ok(ask(true).every(({ score }) => Math.abs(score) <= 1.000001));
  });

  // Would catch probabilities that go to other items, or are of another history than the one that was read,
  // candidates by anything but cosine, and cosines that nothing has trained.
  for (const kind of ['early-fusion', 'late-fusion'] as const) {
    it(`ranks the best by cosine by probability: ${kind}`, async () => {
      const { trained, catalogue } = await openTrained({ kind, generativeWeight: 1 });
      const history = Int32Array.of(4, 0, 1, 2);
      const rows = Int32Array.of(3, 5, 6);
      const read = { offsets: Int32Array.of(0, 3), rows: history.subarray(1) };
      const targets = { offsets: Int32Array.of(0, 3), rows };
      const logits = trained.model.scoreTargets(read, targets, catalogue.embeddings_DH);
      const expected = Array.from(rows, (item, at) => ({
        item,
        score: Math.fround(1 / (1 + Math.exp(-(logits[at] as number)))),
      })).sort((a, b) => b.score - a.score);
      const recommender = new Recommender(trained, catalogue);
      const ask = (candidates: number, by = recommender) =>
        by.recommend([history], { top: 9, repeats: false, candidates })[0] ?? assert.fail();
      const all = ask(9);
      assert.deepEqual(
        all.map(({ item, score }) => ({ item, score })),
        expected,
      );
      const byCosine = [...all].sort((a, b) => (b.cosine as number) - (a.cosine as number));
      const kept = new Set(byCosine.slice(0, 2).map(({ item }) => item));
      assert.deepEqual(
        ask(2),
        all.filter(({ item }) => kept.has(item)),
      );
      const alone = await openTrained({ kind, generativeWeight: 0 });
      const answer = ask(1, new Recommender(alone.trained, alone.catalogue));
      assert.deepEqual(
        answer.map(({ cosine }) => cosine),
        [null, null, null],
      );
    });
  }

  // Would catch a file of users that fills the engine, batch by batch.
  it('leaves nothing on the engine', async () => {
    const { trained, catalogue } = await openTrained();
    const before = memory().numTensors;
    const recommender = new Recommender(trained, catalogue);
    recommender.recommend([Int32Array.of(1)], { top: 1, repeats: false, candidates: 9 });
    recommender.dispose();
    assert.equal(memory().numTensors, before);
  });
});
