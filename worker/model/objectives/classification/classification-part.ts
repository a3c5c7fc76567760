/** The cross-entropy of the targets' labels, through the prediction head. */
import type { LaneTargets } from '../../../../shared/plan/lane-plan.js';
import { addRow, takeRows } from '../../autodiff/rows.js';
import { binaryCrossEntropy } from './binary-cross-entropy.js';
import type { FusedPass } from './fused-pass.js';
import type { FusedRows, Fusion } from './fusion.js';
import { runHead } from './prediction-head.js';

export interface ClassificationPart {
  readonly loss: number;
  /** [T] */
  readonly logits: Float32Array;
}

export const noTargets: ClassificationPart = { loss: 0, logits: new Float32Array(0) };

/** Adds to the gradients of the pass; writes those of the head. */
export function trainClassification(
  pass: FusedPass,
  fusion: Fusion,
  targets: LaneTargets,
): ClassificationPart {
  if (targets.rows.length === 0) return noTargets;
  const { fused, hidden, lane, tower } = pass;
  const { embeddings_NH, gradient_P } = lane;
  const input = headInput(fusion, fused, targets.rows, pass.states_MH, embeddings_NH, hidden);
  const head = runHead(input, tower.layout, tower.flat);
  const { loss, dLogits } = binaryCrossEntropy(head.logits, targets.labels, targets.scale);
  const dInput_TW = head.pullback(dLogits, gradient_P);
  const width = dInput_TW.length / targets.rows.length;
  fused.stateRows.forEach((row, target) => {
    addRow(pass.dStates_MH, row * hidden, dInput_TW, target * width, hidden);
  });
  if (fusion.readsTarget) {
    targets.rows.forEach((row, target) => {
      addRow(pass.dEmbeddings, row * hidden, dInput_TW, target * width + hidden, hidden);
    });
  }
  return { loss, logits: head.logits };
}

/** What the head reads: the state of each target, and its embedding where the fusion says so. [T * W] */
export function headInput(
  { readsTarget }: Fusion,
  { stateRows }: FusedRows,
  targetRows: Int32Array,
  states_MH: Float32Array,
  embeddings_NH: Float32Array,
  hidden: number,
): Float32Array {
  const states_TH = takeRows(states_MH, stateRows, hidden);
  if (!readsTarget) return states_TH;
  const targets_TH = takeRows(embeddings_NH, targetRows, hidden);
  const joined = new Float32Array(2 * states_TH.length);
  for (let at = 0; at < states_TH.length; at += hidden) {
    joined.set(states_TH.subarray(at, at + hidden), 2 * at);
    joined.set(targets_TH.subarray(at, at + hidden), 2 * at + hidden);
  }
  return joined;
}
