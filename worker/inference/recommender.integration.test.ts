import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { memory } from '@tensorflow/tfjs-core';
import type { Dataset } from '../../dataset/dataset.js';
import { evaluationCase } from '../../dataset/training-view.js';
import { rank, step } from '../../shared/ids.js';
import { javascriptArithmetic as arithmetic } from '../arithmetic/javascript-arithmetic.js';
import { openExchange } from '../collective/open-exchange.js';
import { openEngine } from '../engine/open-engine.js';
import { Evaluator } from '../evaluation/evaluate.js';
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

async function openTrained(): Promise<{ trained: TrainedModel; catalogue: Catalogue }> {
  const trained = {
    job: { spec: { lanes: 2, data: { sequences: { maxLength } } } },
    dataset,
    model: openTinyModel().model,
    checkpoint: { manifest: { committedSteps: 1 } },
  } as unknown as TrainedModel;
  return { trained, catalogue: await openCatalogue(trained, () => undefined) };
}

describe('recommendation', () => {
  before(() => openEngine('cpu', { threads: 1 }));

  // Would catch histories that are cut, packed or masked otherwise than where the model was measured,
  // and answers that go to another user of the batch.
  it('finds what an evaluation finds', async () => {
    const { trained, catalogue } = await openTrained();
    const cutoffs = [1, 2, 3, 4, 5];
    const evaluator = new Evaluator({
      ...{ dataset, model: trained.model, lanes: 2, maxLength, cutoffs, repeats: 'allow' },
      exchange: openExchange(null, { rank: rank(0), size: 1, arithmetic }),
      onProgress: () => undefined,
    });
    const rows = await evaluator.evaluate({ splits: ['test'], step: step(1), name: 'evaluate' });
    const cases = sequences.map((_, user) => evaluationCase(dataset, 'test', user));
    const answers = new Recommender(trained, catalogue).recommend(
      cases.map(({ history }) => history),
      { top: dataset.items, repeats: false },
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
      recommender.recommend([history], { top: 99, repeats })[0] ?? assert.fail();
    const itemsOf = (repeats: boolean) =>
      ask(repeats)
        .map(({ item }) => item)
        .sort();
    assert.deepEqual(itemsOf(true), [...tinyTexts.keys()]);
    assert.deepEqual(itemsOf(false), [1, 2, 3, 5, 6]);
    assert.ok(ask(true).every(({ score }) => Math.abs(score) <= 1.000001));
  });

  // Would catch a file of users that fills the engine, batch by batch.
  it('leaves nothing on the engine', async () => {
    const { trained, catalogue } = await openTrained();
    const before = memory().numTensors;
    const recommender = new Recommender(trained, catalogue);
    recommender.recommend([Int32Array.of(1)], { top: 1, repeats: false });
    recommender.dispose();
    assert.equal(memory().numTensors, before);
  });
});
