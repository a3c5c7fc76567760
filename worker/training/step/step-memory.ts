/**
 * What a step will take beyond weights and moments: what every step of the job takes at least, so
 * that a warning is never wrong, and so less than what it takes at its peak.
 */
import { type Bytes, bytes } from '../../../shared/units.js';
import { type Computation, headSize, type ModelConfig } from '../../model/model-config.js';

export interface StepSize {
  /** Rows of all owned lanes that the Item LLM reads. */
  readonly itemRows: number;
  /** Floats of the flat parameters that train. */
  readonly gradientFloats: number;
  /** Gradients that are alive at the same time: of the sums over lanes, and of the step. */
  readonly gradients: number;
}

/**
 * Of the lanes' items, which all wait for their backward at the same time, and the gradients.
 *
 * @param model with as many layers of the Item LLM as have a backward
 */
export function stepMemory(
  { itemRows, gradientFloats, gradients }: StepSize,
  { item, itemEmbedding }: ModelConfig,
  { activations, precision }: Computation,
): Bytes {
  const { hiddenSize, layers } = item;
  const stream = 4 * hiddenSize;
  const low = precision === 'bf16' ? 2 : 4;
  const heads = item.heads * headSize(item),
    keysAndValues = 2 * item.keyValueHeads * headSize(item);
  // The input of a layer; behind it heads and what they attended to, the sum, gate and up.
  const kept = stream + low * (2 * heads + keysAndValues + 2 * item.intermediateSize) + stream;
  // Where only the last row of a text comes out, the last layer keeps little of the others.
  const last = itemEmbedding === 'mean' ? kept : stream + low * keysAndValues;
  const keep = layers === 0 ? 0 : (layers - 1) * kept + last;
  const perRow = { keep, layer: layers * stream, lane: 0 }[activations];
  return bytes(itemRows * perRow + 4 * gradientFloats * gradients);
}
