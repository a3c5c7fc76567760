/**
 * The generative part of an objective: predictions of the user model against the items that came
 * next, by InfoNCE over the step's negatives.
 *
 * Legend: N items of a step, H hidden size, R predictions, K negatives.
 */
import { dispose, type Tensor, type Tensor2D, tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import { addRows, takeRows } from '../../autodiff/rows.js';
import type { FalseNegatives } from '../../model-config.js';
import { logitScaleName, type NamedShape } from '../../parameters/parameter-layout.js';
import type { Measures, MeasureValues } from '../measure.js';
import type { UserLane, UserTower } from '../objective.js';
import { type InfoNceTensors, infoNce } from './info-nce.js';
import { logitScale } from './temperature.js';

export const nextItemParameters: readonly NamedShape[] = [[logitScaleName, []]];

export const nextItemMeasures: Measures = {
  predictions: { kind: 'sum' },
  /** Predictions whose positive had the highest logit. */
  top1: { kind: 'mean', of: 'predictions' },
  /** Negatives that were not left out. */
  live_negatives: { kind: 'mean', of: 'predictions' },
  /** The same of the prediction that has fewest. */
  least_live_negatives: { kind: 'least' },
};

export interface NextItemSettings {
  readonly falseNegatives: FalseNegatives;
  /** Weight of every prediction's loss. */
  readonly lossScale: number;
  readonly keepLogits: boolean;
}

export interface NextItemResult {
  /** Sum over the predictions, unweighted. */
  readonly lossSum: number;
  readonly measures: MeasureValues;
  /** The caller's to dispose of. [R, H] */
  readonly dUsers: Tensor2D;
  /** [R * (1+K)], the positive first; null unless it was asked for. */
  readonly logits: Float32Array | null;
  /** Adds the gradients of the items and of the temperature; runs once, and must run. */
  addGradients(dEmbeddings_NH: Float32Array): void;
}

/**
 * @param predictions what the user model says comes next. [R, H], R > 0
 * @param targets rows of the items that came next. [R]
 */
export function trainNextItem(
  predictions: Tensor2D,
  targets: Int32Array,
  { plan, embeddings_NH, gradient_P }: UserLane,
  { layout, flat }: UserTower,
  { falseNegatives, lossScale, keepLogits }: NextItemSettings,
): NextItemResult {
  const hidden = predictions.shape[1];
  const rowsOf = (rows: Int32Array): Tensor2D =>
    tensor2d(takeRows(embeddings_NH, rows, hidden), [rows.length, hidden]);
  const positives = rowsOf(targets);
  const negatives = rowsOf(plan.negatives);
  const positiveRows = tensor1d(targets, 'int32');
  const negativeRows = tensor1d(plan.negatives, 'int32');
  const nce = infoNce(
    { users: predictions, positives, negatives, positiveRows, negativeRows },
    {
      scale: Math.fround(Math.exp(logitScale(layout, flat))),
      falseNegatives,
      lossScale,
      keepLogits,
    },
  );
  dispose([positives, negatives, positiveRows, negativeRows]);
  return {
    lossSum: total(nce.losses),
    measures: measuresOf(nce, plan.negatives.length),
    dUsers: nce.dUsers,
    logits: nce.logits?.dataSync<'float32'>().slice() ?? null,
    addGradients: (dEmbeddings_NH) => {
      const [positive, negative] = [nce.dPositives, nce.dNegatives];
      addRows(dEmbeddings_NH, targets, positive.dataSync<'float32'>(), hidden);
      addRows(dEmbeddings_NH, plan.negatives, negative.dataSync<'float32'>(), hidden);
      gradient_P[layout.entry(logitScaleName).offset] = total(nce.dLogitScale);
      dispose(tensorsOf(nce).filter((tensor) => tensor !== nce.dUsers));
    },
  };
}

/** Of a lane that predicts nothing. */
export const noPredictions: MeasureValues = {
  predictions: 0,
  top1: 0,
  live_negatives: 0,
  least_live_negatives: Number.POSITIVE_INFINITY,
};

const tensorsOf = (nce: InfoNceTensors): Tensor[] =>
  Object.values(nce).filter((tensor) => tensor !== null);

/** Sums in double precision and in the order of the predictions. */
const total = (values: Tensor): number =>
  values.dataSync<'float32'>().reduce((sum, value) => sum + value, 0);

function measuresOf(nce: InfoNceTensors, negatives: number): MeasureValues {
  const predictions = nce.losses.shape[0];
  const logits = nce.positiveLogits.dataSync<'float32'>();
  const best = nce.best.dataSync<'float32'>();
  const masked = nce.masked.dataSync<'float32'>();
  return {
    predictions,
    top1: logits.reduce((hits, logit, row) => hits + (logit === best[row] ? 1 : 0), 0),
    live_negatives: predictions * negatives - total(nce.masked),
    least_live_negatives: negatives - masked.reduce((most, count) => Math.max(most, count), 0),
  };
}
