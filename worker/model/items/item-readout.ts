/**
 * From the states behind the last layer of the Item LLM to one embedding an item.
 *
 * Legend: n items, T rows, H hidden size.
 */
import {
  concat,
  mean,
  reshape,
  split,
  type Tensor,
  type Tensor2D,
  tensor2d,
} from '@tensorflow/tfjs-core';
import { vjp } from '../autodiff/vjp.js';
import { rmsNorm } from '../decoder/decoder-layer.js';
import type { PackedLayout } from '../decoder/packed-layout.js';

/** `pullback` runs once, and `dispose` frees what is left. */
export interface Readout {
  /** [n * H] */
  readonly embeddings: Float32Array;
  pullback(dEmbeddings: Float32Array): { dStates: Tensor2D; dNorm: Tensor };
  dispose(): void;
}

/** One state for each item, its last row's. @param states [n, H] */
export function readRows(states: Tensor2D, finalNorm: Tensor, eps: number): Readout {
  const norm = vjp<'x' | 'weight', Tensor>(({ x, weight }) => rmsNorm(x, weight, eps));
  const [y, pullback] = norm({ x: states, weight: finalNorm });
  const embeddings = takeData(y);
  return {
    embeddings,
    dispose: () => pullback.dispose(),
    pullback: (dEmbeddings) => {
      const dy = tensor2d(dEmbeddings, states.shape);
      const { x, weight } = pullback(dy);
      dy.dispose();
      return { dStates: x as Tensor2D, dNorm: weight };
    },
  };
}

/** The mean over an item's normalised rows. @param states [T, H] */
export function readMeans(
  states: Tensor2D,
  finalNorm: Tensor,
  layout: PackedLayout,
  eps: number,
): Readout {
  const items = layout.groups.reduce((sum, { count }) => sum + count, 0);
  const read = vjp<'x' | 'weight', Tensor>(({ x, weight }) =>
    groupMeans(rmsNorm(x, weight, eps), layout),
  );
  const [y, pullback] = read({ x: states, weight: finalNorm });
  const embeddings = takeData(y);
  return {
    embeddings,
    dispose: () => pullback.dispose(),
    pullback: (dEmbeddings) => {
      const dy = tensor2d(dEmbeddings, [items, states.shape[1]]);
      const { x, weight } = pullback(dy);
      dy.dispose();
      return { dStates: x as Tensor2D, dNorm: weight };
    },
  };
}

function groupMeans(states: Tensor, { groups }: PackedLayout): Tensor {
  const rows = groups.map(({ count, length }) => count * length);
  const parts = rows.length === 1 ? [states] : split(states, rows);
  const means = groups.map(({ count, length }, index) =>
    mean(reshape(parts[index] as Tensor, [count, length, -1]), 1),
  );
  return means.length === 1 ? (means[0] as Tensor) : concat(means, 0);
}

/** Reads a tensor and disposes of it. */
function takeData(tensor: Tensor): Float32Array {
  const data = tensor.dataSync<'float32'>();
  tensor.dispose();
  return data;
}
