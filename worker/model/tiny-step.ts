/** For tests: a step of the tiny model on one lane. */
import { lane, step } from '../../shared/ids.js';
import type { LanePlan } from '../../shared/plan/lane-plan.js';
import { Hllm, type HllmOptions, type UserLaneResult } from './hllm.js';
import {
  type ItemFormat,
  type ItemTexts,
  type PackedItems,
  packItems,
} from './items/packed-items.js';
import type { ModelConfig } from './model-config.js';
import { initialWeights } from './parameters/initial-weights.js';
import { tinyModel } from './tiny-model.js';

/** Items 0..6, shortest first. */
export const tinyTexts = [[10], [4], [9], [1, 2], [22, 0], [3, 3, 3], [5, 6, 7, 8]];

export function tinyItemTexts(items: readonly number[]): ItemTexts {
  const chosen = items.map((item) => tinyTexts[item] as number[]);
  const offsets = [0];
  for (const text of chosen) offsets.push((offsets.at(-1) as number) + text.length);
  return { tokens: Int32Array.from(chosen.flat()), offsets: Uint32Array.from(offsets) };
}

export const tinyItems = (items: readonly number[], format: ItemFormat = tinyModel): PackedItems =>
  packItems(tinyItemTexts(items), format);

export const tinyPlanOf = (sequences: number[][], lossScale: number): LanePlan => ({
  step: step(0),
  lane: lane(0),
  lanes: 1,
  items: Int32Array.from(tinyTexts.keys()),
  itemLaneOffsets: Int32Array.of(0, tinyTexts.length),
  negatives: Int32Array.of(0, 3, 3, 6),
  users: Int32Array.from(sequences.keys()),
  sequenceOffsets: Int32Array.from(
    [0, ...sequences.keys()].map((_, index) =>
      sequences.slice(0, index).reduce((sum, { length }) => sum + length, 0),
    ),
  ),
  sequenceRows: Int32Array.from(sequences.flat()),
  lossScale,
  targets: null,
});

export const tinyPlan = tinyPlanOf(
  [
    [1, 2],
    [5, 4, 1],
    [6, 2, 5, 3],
  ],
  1 / 6,
);

/** The same with targets behind the sequences, which are histories then. */
export function tinyPlanWithTargets(
  histories: number[][],
  targets: number[][],
  labels: number[],
): LanePlan {
  const predictions = histories.reduce((sum, { length }) => sum + Math.max(0, length - 1), 0);
  return {
    ...tinyPlanOf(histories, 1 / Math.max(1, predictions)),
    targets: {
      offsets: tinySequences(targets).offsets,
      rows: Int32Array.from(targets.flat()),
      labels: Float32Array.from(labels),
      scale: 1 / Math.max(1, labels.length),
    },
  };
}

export function tinySequences(lists: readonly (readonly number[])[]) {
  let end = 0;
  return {
    offsets: Int32Array.from([0, ...lists.map((list) => (end += list.length))]),
    rows: Int32Array.from(lists.flat()),
  };
}

/** Larger than what training starts from, so that no gradient hides below the rounding. */
export function testWeights(model: Hllm): Float32Array {
  const flat = initialWeights(model.layout, { seed: 1, temperature: 0.2, deviation: 0.02 });
  return flat.map((value) => (Math.abs(value) < 0.2 ? value * 12 : value));
}

/** One step of one lane that encodes every item. */
export interface TinyStep {
  readonly result: UserLaneResult;
  readonly gradient: Float32Array;
}

export function trainTiny(model: Hllm, plan: LanePlan): TinyStep {
  const gradient = new Float32Array(model.layout.trainedLength);
  const encoding = model.encodeItems(tinyItems([...tinyTexts.keys()], model.config));
  const result = model.trainUsers(plan, encoding.embeddings, gradient);
  encoding.pullback(result.dEmbeddings, gradient);
  return { result, gradient };
}

export function openTinyModel(
  changes: Partial<ModelConfig> = {},
  options: HllmOptions = {},
): { model: Hllm; flat: Float32Array } {
  const model = new Hllm({ ...tinyModel, ...changes }, options);
  const flat = testWeights(model);
  model.load(flat);
  return { model, flat };
}

/**
 * How far the gradient of a step is from what differences of the loss measure, for each parameter along
 * a random direction; relative where the slope is steeper than one. `flat` is loaded again at the end.
 */
export function slopeErrors(
  model: Hllm,
  flat: Float32Array,
  plan: LanePlan,
  names: readonly string[],
  next: () => number,
): { name: string; error: number }[] {
  const { gradient } = trainTiny(model, plan);
  const errors = names.map((name) => {
    const { offset, size } = model.layout.entry(name);
    const direction = Float32Array.from({ length: size }, next);
    const lossAt = (distance: number): number => {
      const moved = flat.slice();
      direction.forEach((value, index) => {
        moved[offset + index] = (moved[offset + index] as number) + distance * value;
      });
      model.load(moved);
      return trainTiny(model, plan).result.loss;
    };
    const measured = (lossAt(1e-3) - lossAt(-1e-3)) / 2e-3;
    const claimed = direction.reduce(
      (sum, value, index) => sum + value * (gradient[offset + index] as number),
      0,
    );
    return { name, error: Math.abs(measured - claimed) / Math.max(1, Math.abs(claimed)) };
  });
  model.load(flat);
  return errors;
}
