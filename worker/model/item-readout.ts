/**
 * From the states behind the last layer of the Item LLM to one embedding an item.
 *
 * Legend: n items, T rows, H hidden size.
 */
import {
  concat,
  gather,
  mean,
  reshape,
  scatterND,
  split,
  type Tensor,
  type Tensor2D,
  tensor1d,
  tensor2d,
  tidy,
} from '@tensorflow/tfjs-core';
import { rmsNorm } from './decoder-layer.js';
import { lastRows, type PackedLayout } from './packed-layout.js';
import { vjp } from './vjp.js';

/** Exactly one of `pullback` and `dispose` is called, once. */
export interface Readout {
  /** [n * H] */
  readonly embeddings: Float32Array;
  pullback(dEmbeddings: Float32Array): { dStates: Tensor2D; dNorm: Tensor };
  dispose(): void;
}

/** The last row of every item; only the rows that are read are normalised. */
export function readLastRows(
  states: Tensor2D,
  finalNorm: Tensor,
  layout: PackedLayout,
  eps: number,
): Readout {
  const rows = lastRows(layout);
  const rows_n = tensor1d(rows, 'int32');
  const read = gather(states, rows_n);
  const norm = vjp<'x' | 'weight', Tensor>(({ x, weight }) => rmsNorm(x, weight, eps));
  const [y, pullback] = norm({ x: read, weight: finalNorm });
  rows_n.dispose();
  read.dispose();
  const embeddings = takeData(y);
  return {
    embeddings,
    dispose: () => pullback.dispose(),
    pullback: (dEmbeddings) => {
      const dy = tensor2d(dEmbeddings, [rows.length, states.shape[1]]);
      const { x, weight } = pullback(dy);
      const dStates = tidy(() => {
        const indices = tensor2d(rows, [rows.length, 1], 'int32');
        return scatterND(indices, x, states.shape) as Tensor2D;
      });
      dy.dispose();
      x.dispose();
      return { dStates, dNorm: weight };
    },
  };
}

/** The mean over an item's normalised rows. */
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
