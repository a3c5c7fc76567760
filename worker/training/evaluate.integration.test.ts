import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Dataset } from '../../dataset/dataset.js';
import { type EvaluationSplit, evaluationCase } from '../../dataset/training-view.js';
import { generation, rank, step } from '../../shared/ids.js';
import { millis } from '../../shared/units.js';
import { javascriptArithmetic as arithmetic } from '../arithmetic/javascript-arithmetic.js';
import type { Exchange } from '../collective/exchange.js';
import { startLinks } from '../collective/links-host.js';
import { openExchange } from '../collective/open-exchange.js';
import { openEngine } from '../engine/open-engine.js';
import { CatalogueRanker } from '../evaluation/catalogue-rank.js';
import { rankingMetrics } from '../evaluation/ranking-metrics.js';
import {
  openTinyModel,
  tinyItemTexts,
  tinyPlanOf,
  tinyTexts,
  trainTiny,
} from '../model/tiny-step.js';
import { evaluate } from './evaluate.js';
import type { SplitMetrics } from './messages.js';

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
function ranksByTraining(split: EvaluationSplit): number[] {
  const { model } = openTinyModel({ falseNegatives: { kind: 'none' } }, { keepLogits: true });
  const ranker = new CatalogueRanker(dataset.items);
  return sequences.map((_, user) => {
    const { history, target } = evaluationCase(dataset, split, user);
    const sequence = [...history, target].slice(-maxLength - 1);
    const plan = { ...tinyPlanOf([sequence], 1), negatives: Int32Array.from(tinyTexts.keys()) };
    const logits = trainTiny(model, plan).result.logits as Float32Array;
    return ranker.rank(logits.subarray(-dataset.items), { history, target });
  });
}

const evaluateOn = (exchange: Exchange): Promise<SplitMetrics[]> =>
  evaluate({
    dataset,
    model: openTinyModel().model,
    exchange,
    lanes: 3,
    maxLength,
    cutoffs,
    step: step(4),
    onProgress: () => undefined,
  });

/** Members in one process, each with its own links thread, linked by real sockets. */
async function evaluateTogether(size: number): Promise<SplitMetrics[][]> {
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
        return evaluateOn(openExchange(port, { rank: rank(index), size, arithmetic }));
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
    const table = await evaluateOn(openExchange(null, { rank: rank(0), size: 1, arithmetic }));
    for (const split of ['validation', 'test'] as const) {
      const row = table.find((entry) => entry.split === split && entry.model === 'hllm');
      assert.deepEqual(row, {
        split,
        model: 'hllm',
        ...rankingMetrics(ranksByTraining(split), cutoffs),
      });
    }
  });

  // Would catch items or users that no member, or two members, took, and ranks in another order.
  it('has the same metrics on one member and on every one of two', async () => {
    const alone = await evaluateOn(openExchange(null, { rank: rank(0), size: 1, arithmetic }));
    assert.equal(alone.length, 4);
    assert.deepEqual(await evaluateTogether(2), [alone, alone]);
  });
});
