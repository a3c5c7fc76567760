import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { memory } from '@tensorflow/tfjs-core';
import type { Dataset } from '../../dataset/dataset.js';
import { type EvaluationSplit, evaluationCase } from '../../dataset/training-view.js';
import { generation, rank, step } from '../../shared/ids.js';
import { evenShares } from '../../shared/plan/lane-ownership.js';
import { unlabelled } from '../../shared/plan/plan-input.js';
import { millis } from '../../shared/units.js';
import { javascriptArithmetic as arithmetic } from '../arithmetic/javascript-arithmetic.js';
import type { Exchange } from '../collective/exchange.js';
import { startLinks } from '../collective/links/links-host.js';
import { openExchange } from '../collective/open-exchange.js';
import { openEngine } from '../engine/open-engine.js';
import {
  openTinyModel,
  tinyItems,
  tinyItemTexts,
  tinyPlanOf,
  tinyTexts,
  trainTiny,
} from '../model/tiny-step.js';
import type { SplitMetrics } from '../training/messages.js';
import { CatalogueRanker, singleItems } from './catalogue-rank.js';
import { type Asked, type EvaluationParts, Evaluator } from './evaluate.js';
import type { Repeats } from './questions.js';
import { type Places, placeFloats, rankingMetrics, setPlace } from './ranking-metrics.js';
import { classificationValues } from './targets/classification-metrics.js';

const sequences = [
  [0, 1, 2, 3],
  [6, 5, 4, 3, 2],
  [1, 3, 5, 0],
  [2, 4, 6, 1, 0],
  [5, 1, 4, 2],
];

const texts = tinyItemTexts([...tinyTexts.keys()]);

const dataset = {
  users: sequences.length,
  items: tinyTexts.length,
  sequenceOffsets: Uint32Array.of(0, 4, 9, 13, 18, 22),
  sequenceItems: Int32Array.from(sequences.flat()),
  itemTokenOffsets: texts.offsets,
  itemTokens: texts.tokens,
} as unknown as Dataset;

const maxLength = 3;
const cutoffs = [1, 2, 3, 4, 5, 6];

/** Ranks by the logits that training computes: a user's history, then what was held out. */
function placesByTraining(split: EvaluationSplit): Places {
  const { model } = openTinyModel({ falseNegatives: { kind: 'none' } }, { keepLogits: true });
  const ranker = new CatalogueRanker(singleItems(dataset.items));
  const places = new Float32Array(sequences.length * placeFloats);
  sequences.forEach((_, user) => {
    const { history, target } = evaluationCase(dataset, split, user);
    const sequence = [...history, target].slice(-maxLength - 1);
    const plan = { ...tinyPlanOf([sequence], 1), negatives: Int32Array.from(tinyTexts.keys()) };
    const logits = trainTiny(model, plan).result.outputs.logits as Float32Array;
    setPlace(places, user, ranker.place(logits.subarray(-dataset.items), { history, target }));
  });
  return places;
}

const evaluatorOn = (exchange: Exchange, changes: Partial<EvaluationParts> = {}): Evaluator =>
  new Evaluator({
    dataset,
    model: changes.model ?? openTinyModel().model,
    exchange,
    maxLength,
    cutoffs,
    repeats: 'allow',
    onProgress: () => undefined,
    ...changes,
  });

const evaluateOn = (
  exchange: Exchange,
  changes: Partial<EvaluationParts> = {},
): Promise<SplitMetrics[]> =>
  evaluatorOn(exchange, changes).evaluate({
    splits: ['validation', 'test'],
    step: step(4),
    name: 'evaluate',
  });

/** Members in one process, each with its own links thread, linked by real sockets. */
async function evaluateTogether(
  size: number,
  changes: Partial<EvaluationParts> = {},
): Promise<SplitMetrics[][]> {
  const hosts = await Promise.all(
    Array.from({ length: size }, () => startLinks({ host: '127.0.0.1' })),
  );
  try {
    const addresses = hosts.map(({ address }) => address);
    return await Promise.all(
      hosts.map(async (host, index) => {
        const port = await host.connect({
          rank: rank(index),
          addresses,
          generation: generation(1),
          deadline: millis(10_000),
          connectDeadline: millis(10_000),
        });
        return evaluateOn(
          openExchange(port, { rank: rank(index), shares: evenShares(size, 3), arithmetic }),
          changes,
        );
      }),
    );
  } finally {
    await Promise.all(hosts.map((host) => host.close()));
  }
}

describe('evaluation', () => {
  before(() => openEngine('cpu', { threads: 1 }));

  // Would catch a user model that reads other embeddings than in training, such as unit vectors.
  it('ranks by the logits that training would compute', async () => {
    const table = await evaluateOn(
      openExchange(null, { rank: rank(0), shares: evenShares(1, 3), arithmetic }),
    );
    for (const split of ['validation', 'test'] as const) {
      const row = table.find((entry) => entry.split === split && entry.model === 'hllm');
      assert.deepEqual(row, {
        split,
        model: 'hllm',
        ...rankingMetrics(placesByTraining(split), cutoffs),
        tooShort: 0,
        repeats: 0,
        items: dataset.items,
      });
    }
  });

  // Would catch items or users that no member, or two members, took, and ranks in another order.
  it('has the same metrics on one member and on every one of two', async () => {
    const alone = await evaluateOn(
      openExchange(null, { rank: rank(0), shares: evenShares(1, 3), arithmetic }),
    );
    assert.equal(alone.length, 4);
    assert.deepEqual(await evaluateTogether(2), [alone, alone]);
  });

  // Would catch a perfect model that finds nobody: two editions of each book have one text, so the
  // model gives them one score and cannot know which of them is asked for.
  it('gives items of one text the places that they share', async () => {
    const editions = [...tinyTexts, ...tinyTexts];
    const offsets = [0];
    for (const text of editions) offsets.push((offsets.at(-1) as number) + text.length);
    const doubled = {
      ...dataset,
      items: editions.length,
      itemTokens: Int32Array.from(editions.flat()),
      itemTokenOffsets: Uint32Array.from(offsets),
    };
    const alone = openExchange(null, { rank: rank(0), shares: evenShares(1, 3), arithmetic });
    const rows = await evaluateOn(alone, { dataset: doubled });
    const single = await evaluateOn(alone);
    for (const [index, row] of rows.entries()) {
      if (row.model !== 'hllm') continue;
      assert.equal(row.tied, sequences.length);
      assert.equal(row.items, 2 * tinyTexts.length);
      // A second edition of everything before it, of nothing masked, and a place shared by two: who
      // was first has an even chance to be.
      const first = single[index]?.values['recall@1'] as number;
      assert.ok((row.values['recall@1'] as number) <= first / 2);
    }
  });

  // Would catch the mask of the history that takes the held-out item with it, so that users who come
  // back are the worst misses of every model.
  it('does with users who come back what the job says', async () => {
    // Users 0 and 2 are asked for what they had first.
    const again = sequences.map((items, user) =>
      user % 2 === 0 ? [...items.slice(0, -1), items[0] as number] : items,
    );
    const data = { ...dataset, sequenceItems: Int32Array.from(again.flat()) };
    const alone = openExchange(null, { rank: rank(0), shares: evenShares(1, 3), arithmetic });
    const test = async (repeats: Repeats) => {
      const rows = await evaluateOn(alone, { dataset: data, repeats });
      return rows.filter(({ split }) => split === 'test');
    };
    const [allow, count, exclude] = [
      await test('allow'),
      await test('count'),
      await test('exclude'),
    ];
    for (const [index, row] of allow.entries()) {
      assert.equal(row.repeats, 3);
      assert.deepEqual([row.users, row.values['recall@6']], [5, 1]);
      assert.deepEqual([count[index]?.users, count[index]?.values['recall@6']], [5, 2 / 5]);
      assert.deepEqual([exclude[index]?.users, exclude[index]?.values['recall@6']], [2, 1]);
    }
  });

  // Would catch targets that are scored behind another history or given to another user, and logits that
  // depend on who else is there.
  it('judges targets by the logits of their histories, the same on every member', async () => {
    const { model } = openTinyModel();
    const labels = Uint8Array.from(dataset.sequenceItems, (_, at) => at % 2);
    const labelled = { ...dataset, sequenceLabels: labels } as Dataset;
    const embeddings = model.embedItems(tinyItems([...tinyTexts.keys()]));
    const judged = { logits: new Float32Array(5), labels: new Uint8Array(5) };
    const offsets = Int32Array.from({ length: 6 }, (_, user) => user);
    sequences.forEach((_, user) => {
      const { history, target } = evaluationCase(labelled, 'test', user);
      const read = { offsets: Int32Array.of(0, 3), rows: history.slice(-maxLength) };
      const asked = { offsets: Int32Array.of(0, 1), rows: Int32Array.of(target) };
      judged.logits[user] = model.scoreTargets(read, asked, embeddings)[0] as number;
      judged.labels[user] = labels[(dataset.sequenceOffsets[user + 1] as number) - 1] as number;
    });
    const asks = { rankings: false, targets: { kind: 'data' } } as const;
    const changes = { dataset: labelled, model, asks };
    const alone = openExchange(null, { rank: rank(0), shares: evenShares(1, 3), arithmetic });
    const rows = await evaluateOn(alone, changes);
    assert.deepEqual(
      rows.map(({ model: of }) => of),
      ['hllm', 'base-rate', 'hllm', 'base-rate'],
    );
    const [row] = rows.filter(({ split }) => split === 'test');
    assert.deepEqual(row?.values, classificationValues({ ...judged, offsets }));
    assert.deepEqual(row?.targets, { total: 5, wanted: 3, users: 5, oneClass: 5 });

    const sampled = { kind: 'sampled', negatives: 3, seed: 1 } as const;
    const both = { asks: { rankings: true, targets: sampled } };
    const whole = await evaluateOn(alone, both);
    assert.deepEqual(await evaluateTogether(2, both), [whole, whole]);
    const test = whole.find(({ split, model: of }) => split === 'test' && of === 'hllm');
    assert.deepEqual(
      Object.keys(test?.values ?? {}).filter((name) => !name.includes('@')),
      ['mrr', 'auc', 'gauc', 'logloss'],
    );
  });

  // Would catch a run that ends at its first evaluation, hours after it could have said why.
  it('says before anything is evaluated which metric can never be', () => {
    const exchange = openExchange(null, { rank: rank(0), shares: evenShares(1, 3), arithmetic });
    const of = (label: number, asks: Asked) =>
      evaluatorOn(exchange, {
        dataset: { ...dataset, sequenceLabels: new Uint8Array(22).fill(label) } as Dataset,
        asks,
      });
    const fromData = { rankings: true, targets: { kind: 'data' } } as const;
    assert.throws(() => of(1, fromData).requireMetric('auc'), { code: 'METRIC_MISSING' });
    assert.throws(() => of(unlabelled, fromData).requireMetric('logloss'), /has none/);
    of(1, fromData).requireMetric('logloss');
    of(1, fromData).requireMetric('mrr');
    const sampled = { kind: 'sampled', negatives: 1, seed: 1 } as const;
    of(1, { rankings: false, targets: sampled }).requireMetric('gauc');
  });

  // Would catch a catalogue that is brought to the engine again for every few users, and stays there.
  it('leaves nothing on the engine', async () => {
    const { model } = openTinyModel();
    const before = memory().numTensors;
    await evaluateOn(openExchange(null, { rank: rank(0), shares: evenShares(1, 3), arithmetic }), {
      model,
    });
    assert.equal(memory().numTensors, before);
  });

  // Would catch a catalogue that is encoded in silence, for as long as a hundred steps take: whoever
  // watches the run would take its members for hung.
  it('says that it evaluates before it has ranked anybody', async () => {
    const said: [number, number][] = [];
    await evaluateOn(openExchange(null, { rank: rank(0), shares: evenShares(1, 3), arithmetic }), {
      onProgress: (done, total) => said.push([done, total]),
    });
    assert.deepEqual(said[0], [0, 2 * sequences.length]);
    assert.deepEqual(said.at(-1), [2 * sequences.length, 2 * sequences.length]);
  });
});
