/** What this member's lanes of a step are: their text tokens, and the operations that they need. */
import type { OwnWork } from '../../../shared/messages/work-fields.js';
import type { LanePlan } from '../../../shared/plan/lane-plan.js';
import type { Hllm } from '../../model/hllm.js';
import type { PackedItems } from '../../model/items/packed-items.js';
import type { ModelConfig } from '../../model/model-config.js';
import { type StepShapes, stepFlops } from '../../model/step-flops.js';
import type { LaneBatch } from '../batches/lane-batch.js';

/** @param batches of the lanes that it owns */
export function ownWork(
  { config, layout }: Pick<Hllm, 'config' | 'layout'>,
  batches: readonly LaneBatch[],
): OwnWork {
  // Frozen items are looked up.
  const encodes = layout.trainsTower('item');
  let [itemTokens, flops] = [0, 0];
  for (const { plan, items } of batches) {
    itemTokens += items.textTokens;
    flops += stepFlops(config, shapesOf(config, plan, encodes ? textRows(items) : []));
  }
  return { itemTokens, flops };
}

function shapesOf(
  { objective }: ModelConfig,
  { negatives, sequenceOffsets, targets }: LanePlan,
  rows: readonly number[],
): StepShapes {
  const historyRows: number[] = [];
  for (let index = 1; index < sequenceOffsets.length; index++) {
    const length = (sequenceOffsets[index] as number) - (sequenceOffsets[index - 1] as number);
    if (length > 1) historyRows.push(length - 1);
  }
  const isFusion = objective.kind !== 'generative' && historyRows.length > 0;
  const fusion = isFusion
    ? { kind: objective.kind, targets: (targets?.rows.length ?? 0) / historyRows.length }
    : null;
  return { textRows: rows, historyRows, negatives: negatives.length, fusion };
}

/** Rows of each text. */
const textRows = ({ layout }: PackedItems): number[] =>
  layout.groups.flatMap(({ count, length }) => Array<number>(count).fill(length));
