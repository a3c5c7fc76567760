/**
 * Leave-last-two evaluation over the full catalogue, with the history masked. Like a step it is cut
 * into lanes, so the metrics do not depend on the cluster: each member encodes the items of its
 * lanes, everyone gathers the catalogue, each member ranks the users of its lanes.
 *
 * Legend: N items of the catalogue, H hidden size, U users of a batch.
 */
import { matMul, tensor2d, tidy } from '@tensorflow/tfjs-core';
import type { Dataset } from '../../dataset/dataset.js';
import {
  type EvaluationCase,
  type EvaluationSplit,
  evaluatedUsers,
  evaluationCase,
} from '../../dataset/training-view.js';
import { rank, type Step } from '../../shared/ids.js';
import { laneRun } from '../../shared/plan/lane-ownership.js';
import type { Exchange } from '../collective/exchange.js';
import { CatalogueRanker } from '../evaluation/catalogue-rank.js';
import { evaluatePopularity } from '../evaluation/popularity.js';
import { rankingMetrics } from '../evaluation/ranking-metrics.js';
import type { Hllm } from '../model/hllm.js';
import { packItems } from '../model/packed-items.js';
import { itemTexts } from './item-texts.js';
import type { SplitMetrics } from './messages.js';

export interface EvaluationParts {
  readonly dataset: Dataset;
  readonly model: Hllm;
  readonly exchange: Exchange;
  readonly lanes: number;
  /** Items that the user model reads at most: the newest ones of a history. */
  readonly maxLength: number;
  readonly cutoffs: readonly number[];
  /** Committed steps; tags the exchanges. */
  readonly step: Step;
  readonly onProgress: (done: number, total: number) => void;
}

/** Bound of one batch: its activations and its scores [U, N] must fit beside the weights. */
const itemsOfBatch = 256;
const usersOfBatch = 64;

const splits: readonly EvaluationSplit[] = ['validation', 'test'];

/** HLLM beside popularity, on validation and test; the same on every member. */
export async function evaluate(parts: EvaluationParts): Promise<SplitMetrics[]> {
  const { dataset, cutoffs } = parts;
  const users = evaluatedUsers(dataset);
  const embeddings_NH = await encodeCatalogue(parts);
  const results: SplitMetrics[] = [];
  for (const [index, split] of splits.entries()) {
    const ranks = await rankUsers(parts, split, users, embeddings_NH, index * users.length);
    results.push({ split, model: 'hllm', ...rankingMetrics(ranks, cutoffs) });
    results.push({ split, model: 'popularity', ...evaluatePopularity(dataset, split, cutoffs) });
  }
  return results;
}

/** Embeddings of all items as the user model reads them, in the order of their ids. [N * H] */
async function encodeCatalogue(parts: EvaluationParts): Promise<Float32Array> {
  const { dataset, exchange, lanes, model, step } = parts;
  const hidden = model.hiddenSize;
  const matrix_NH = sharedFloats(dataset.items * hidden);
  for (const lane of lanesIn(exchange.rank, exchange.size, lanes)) {
    const [first, last] = laneShare(lane, lanes, dataset.items);
    for (let at = first; at < last; at += itemsOfBatch) {
      const items = byLength(dataset, at, Math.min(last, at + itemsOfBatch));
      const texts = itemTexts(dataset, items, model.config.maxTextLength);
      const rows = model.embedItems(packItems(texts, model.config));
      items.forEach((item, row) => {
        matrix_NH.set(rows.subarray(row * hidden, (row + 1) * hidden), item * hidden);
      });
    }
  }
  const rowsOf = members(exchange.size).map((member) => {
    const [from, to] = share(member, exchange.size, lanes, dataset.items);
    return matrix_NH.subarray(from * hidden, to * hidden);
  });
  await exchange.allGather({ step, phase: 'evaluate-items', part: 0 }, rowsOf);
  return matrix_NH;
}

/** Rank of each user's held-out item, in the order of `users`. */
async function rankUsers(
  parts: EvaluationParts,
  split: EvaluationSplit,
  users: Int32Array,
  embeddings_NH: Float32Array,
  doneBefore: number,
): Promise<Float32Array> {
  const { dataset, exchange, lanes, step } = parts;
  const ranks = sharedFloats(users.length);
  const [from, to] = share(exchange.rank, exchange.size, lanes, users.length);
  const ranker = new CatalogueRanker(dataset.items);
  const unit_NH = unitRows(embeddings_NH, parts.model.hiddenSize);
  for (const lane of lanesIn(exchange.rank, exchange.size, lanes)) {
    const [first, last] = laneShare(lane, lanes, users.length);
    for (let at = first; at < last; at += usersOfBatch) {
      const batch = users.subarray(at, Math.min(last, at + usersOfBatch));
      const cases = Array.from(batch, (user) => evaluationCase(dataset, split, user));
      rankBatch(parts, cases, { embeddings_NH, unit_NH }, ranker).forEach((place, index) => {
        ranks[at + index] = place;
      });
      // Members go over shares of about one size at about one speed.
      const done = (at + batch.length - from) / (to - from);
      parts.onProgress(doneBefore + Math.round(done * users.length), splits.length * users.length);
    }
  }
  const slices = members(exchange.size).map((member) =>
    ranks.subarray(...share(member, exchange.size, lanes, users.length)),
  );
  await exchange.allGather({ step, phase: `evaluate-${split}`, part: 0 }, slices);
  return ranks;
}

interface Catalogue {
  /** What the user model reads: in training it sees embeddings of any length. */
  readonly embeddings_NH: Float32Array;
  /** What predictions are compared with, by cosine. */
  readonly unit_NH: Float32Array;
}

function rankBatch(
  { model, maxLength }: EvaluationParts,
  cases: readonly EvaluationCase[],
  { embeddings_NH, unit_NH }: Catalogue,
  ranker: CatalogueRanker,
): number[] {
  // The model packs sequences by length; the order of the answers is that of the cases.
  const histories = cases.map(({ history }) => history.subarray(-maxLength));
  const order = histories.map((_, index) => index);
  order.sort((a, b) => length(histories, a) - length(histories, b) || a - b);
  const offsets = new Int32Array(cases.length + 1);
  order.forEach((index, at) => {
    offsets[at + 1] = (offsets[at] as number) + length(histories, index);
  });
  const rows = new Int32Array(offsets[cases.length] as number);
  order.forEach((index, at) => {
    rows.set(histories[index] as Int32Array, offsets[at]);
  });

  const predictions_UH = model.readUsers({ offsets, rows }, embeddings_NH);
  const items = embeddings_NH.length / model.hiddenSize;
  const scores_UN = tidy(() =>
    matMul(
      tensor2d(predictions_UH, [cases.length, model.hiddenSize]),
      tensor2d(unit_NH, [items, model.hiddenSize]),
      false,
      true,
    ).dataSync<'float32'>(),
  );
  const places = new Array<number>(cases.length);
  order.forEach((index, at) => {
    const scores = scores_UN.subarray(at * items, (at + 1) * items);
    places[index] = ranker.rank(scores, cases[index] as EvaluationCase);
  });
  return places;
}

const length = (arrays: readonly Int32Array[], index: number): number =>
  (arrays[index] as Int32Array).length;

/** Items first..last, shortest text first. */
function byLength({ itemTokenOffsets }: Dataset, first: number, last: number): Int32Array {
  const cost = (item: number): number =>
    (itemTokenOffsets[item + 1] as number) - (itemTokenOffsets[item] as number);
  return Int32Array.from({ length: last - first }, (_, index) => first + index).sort(
    (a, b) => cost(a) - cost(b) || a - b,
  );
}

/** Norms in double precision: the order of items by cosine is the order by dot product then. */
function unitRows(matrix_NH: Float32Array, hidden: number): Float32Array {
  const units = new Float32Array(matrix_NH.length);
  for (let at = 0; at < matrix_NH.length; at += hidden) {
    const row = matrix_NH.subarray(at, at + hidden);
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    units.set(
      row.map((value) => value / norm),
      at,
    );
  }
  return units;
}

/** The part [from, to) of `count` things that belongs to a lane. */
const laneShare = (lane: number, lanes: number, count: number): [number, number] => [
  Math.floor((lane * count) / lanes),
  Math.floor(((lane + 1) * count) / lanes),
];

/** The part that belongs to all lanes of a member. */
function share(member: number, size: number, lanes: number, count: number): [number, number] {
  const run = laneRun(rank(member), size, lanes);
  return [laneShare(run.start, lanes, count)[0], laneShare(run.end, lanes, count)[0]];
}

function lanesIn(member: number, size: number, lanes: number): number[] {
  const run = laneRun(rank(member), size, lanes);
  return Array.from({ length: run.end - run.start }, (_, index) => run.start + index);
}

const members = (size: number): number[] => Array.from({ length: size }, (_, index) => index);

const sharedFloats = (count: number): Float32Array =>
  new Float32Array(new SharedArrayBuffer(count * 4));
