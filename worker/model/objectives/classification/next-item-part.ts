/** The generative part beside a classification: the history's rows predict its next items. */
import { dispose, tensor2d } from '@tensorflow/tfjs-core';
import { addRows, takeRows } from '../../autodiff/rows.js';
import type { UserSequences } from '../../users/user-rows.js';
import { type NextItemSettings, noPredictions, trainNextItem } from '../generative/next-item.js';
import type { MeasureValues } from '../measure.js';
import type { FusedPass } from './fused-pass.js';
import type { FusedRows } from './fusion.js';

export interface NextItemPart {
  /** Without its weight. */
  readonly loss: number;
  readonly measures: MeasureValues;
  /** Null unless they were asked for. */
  readonly logits: Float32Array | null;
}

export const noNextItems: NextItemPart = {
  loss: 0,
  measures: noPredictions,
  logits: new Float32Array(0),
};

/** Adds to the gradients of the pass, `weight` times; writes that of the temperature. */
export function trainNextItemPart(
  pass: FusedPass,
  histories: UserSequences,
  weight: number,
  settings: Omit<NextItemSettings, 'lossScale'>,
): NextItemPart {
  const { stateRows, targets } = nextItems(histories, pass.fused);
  // Without negatives there is nothing to tell the next item from.
  if (targets.length === 0 || pass.lane.plan.negatives.length === 0) return noNextItems;
  const { hidden, lane, tower } = pass;
  const { lossScale } = lane.plan;
  const states_RH = takeRows(pass.states_MH, stateRows, hidden);
  const users = tensor2d(states_RH, [stateRows.length, hidden]);
  const scaled = { ...settings, lossScale: weight * lossScale };
  const part = trainNextItem(users, targets, lane, tower, scaled);
  addRows(pass.dStates_MH, stateRows, part.dUsers.dataSync<'float32'>(), hidden);
  part.addGradients(pass.dEmbeddings);
  dispose([users, part.dUsers]);
  return { loss: part.lossSum * lossScale, measures: part.measures, logits: part.logits };
}

interface NextItems {
  /** Rows whose states predict. [R] */
  readonly stateRows: Int32Array;
  /** Rows of the item matrix: what comes next. [R] */
  readonly targets: Int32Array;
}

/** Every item of a history but the last one predicts the next. */
function nextItems({ offsets, rows }: UserSequences, { historyRows }: FusedRows): NextItems {
  const stateRows: number[] = [];
  const targets: number[] = [];
  historyRows.forEach((first, user) => {
    const start = offsets[user] as number;
    for (let at = start + 1; at < (offsets[user + 1] as number); at++) {
      stateRows.push(first + at - 1 - start);
      targets.push(rows[at] as number);
    }
  });
  return { stateRows: Int32Array.from(stateRows), targets: Int32Array.from(targets) };
}
