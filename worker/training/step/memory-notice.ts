import { freeMemory } from '../../../process/machine-memory.js';
import { memoryWarning } from '../../../shared/memory-words.js';
import { mostSums } from '../../../shared/reduction/running-tree-sum.js';
import type { Engine } from '../../engine/engine.js';
import type { Hllm } from '../../model/hllm.js';
import type { Computation, ModelConfig } from '../../model/model-config.js';
import type { LaneBatch } from '../batches/lane-batch.js';
import { stepMemory } from './step-memory.js';

/**
 * What to tell the user before the first step, in which the machine's kernel would kill the process
 * without a word; null where the step fits, or computes in a device's own memory.
 */
export function memoryNotice(
  { name, device }: Engine,
  model: Hllm,
  computation: Computation,
  batches: readonly LaneBatch[],
): string | null {
  if (device !== 'cpu') return null;
  const { plan } = batches[0] as LaneBatch;
  // Other engines run each layer again, whatever is asked for.
  const keeps = name === 'torch' || computation.activations !== 'keep';
  const run = { start: plan.lane, end: plan.lane + batches.length };
  const size = {
    itemRows: batches.reduce((sum, { items }) => sum + items.layout.rows, 0),
    gradientFloats: model.layout.trainedLength,
    gradients: 1 + mostSums(run, plan.lanes),
  };
  const activations = keeps ? computation.activations : 'layer';
  return memoryWarning(
    stepMemory(size, withBackward(model), { ...computation, activations }),
    freeMemory(),
  );
}

/** The model as far as the items' backward goes: nothing is kept of layers below it. */
function withBackward({ config, layout }: Hllm): ModelConfig {
  const { item } = layout.trains;
  const frozen = item.kind === 'nothing' ? 0 : config.item.layers;
  return {
    ...config,
    item: { ...config.item, layers: item.kind === 'last' ? item.layers : frozen },
  };
}
