/**
 * One Llama decoder layer over packed sequences: RMSNorm, rotary grouped-query attention, RMSNorm,
 * SwiGLU, with the numerics of Hugging Face's float32 code. An engine that has the layer as one
 * kernel runs that; any other runs the composition below, which is the definition.
 *
 * Legend: T rows, H hidden size, Nq query heads, Nk key-value heads, D head size, B sequences of a
 * group, L their length, R = Nq / Nk query heads on one key head.
 */
import {
  add,
  concat,
  engine,
  getBackend,
  getKernel,
  matMul,
  mean,
  mul,
  reshape,
  rsqrt,
  sigmoid,
  softmax,
  split,
  sub,
  type Tensor,
  type Tensor2D,
  tensor2d,
  transpose,
} from '@tensorflow/tfjs-core';
import { linear } from './linear.js';
import { lowestFloat } from './lowest-float.js';
import { type DecoderConfig, headSize } from './model-config.js';
import type { SequenceGroup } from './packed-layout.js';
import type { LayerParameter } from './parameter-layout.js';
import { type NamedTensors, type Pullback, vjp } from './vjp.js';

export type LayerWeights = NamedTensors<LayerParameter>;
export type LayerInput = LayerParameter | 'x';

/** What all layers of a decoder share in one pass. */
export interface LayerGeometry {
  readonly groups: readonly SequenceGroup[];
  /** [T, D/2] */
  readonly cos: Tensor2D;
  /** [T, D/2] */
  readonly sin: Tensor2D;
}

const fusedLayer = 'LockstepDecoderLayer';
const fusedLayerGradient = 'LockstepDecoderLayerGrad';

/**
 * @param x [T, H]; for the pullback's sake it and the returned y must live until the pullback ran.
 * @returns y [T, H]; the pullback's gradients are those of x and of every weight.
 */
export function decoderLayer(
  x: Tensor2D,
  weights: LayerWeights,
  geometry: LayerGeometry,
  config: DecoderConfig,
): [y: Tensor2D, pullback: Pullback<LayerInput>] {
  if (isFused()) return runFused(x, weights, geometry, config);
  const layer = vjp<LayerInput, Tensor2D>((inputs) => composeLayer(inputs, geometry, config));
  return layer({ x, ...weights });
}

/** The same y where no gradient is wanted; keeps nothing. */
export function decoderLayerOnly(
  x: Tensor2D,
  weights: LayerWeights,
  geometry: LayerGeometry,
  config: DecoderConfig,
): Tensor2D {
  if (isFused()) return fusedForward(x, weights, geometry, config, false);
  return engine().tidy(() => composeLayer({ x, ...weights }, geometry, config));
}

/** Where the engine registers the fused kernel, it registers its gradient too. */
const isFused = (): boolean => getKernel(fusedLayer, getBackend()) !== undefined;

const gradientOrder: readonly LayerInput[] = [
  'x',
  'inputNorm',
  'q',
  'k',
  'v',
  'o',
  'postNorm',
  'gate',
  'up',
  'down',
];

function runFused(
  x: Tensor2D,
  weights: LayerWeights,
  geometry: LayerGeometry,
  config: DecoderConfig,
): [y: Tensor2D, pullback: Pullback<LayerInput>] {
  const y = fusedForward(x, weights, geometry, config, true);
  const pullback = (dy: Tensor): NamedTensors<LayerInput> => {
    const gradients = engine().runKernel(fusedLayerGradient, { y, dy }, {}) as Tensor[];
    return Object.fromEntries(
      gradientOrder.map((name, index) => [name, gradients[index]]),
    ) as NamedTensors<LayerInput>;
  };
  // The engine's graph belongs to y and ends with it.
  return [y, Object.assign(pullback, { dispose: () => undefined })];
}

function fusedForward(
  x: Tensor2D,
  weights: LayerWeights,
  { groups, cos, sin }: LayerGeometry,
  config: DecoderConfig,
  keepGraph: boolean,
): Tensor2D {
  const attributes = {
    heads: config.heads,
    keyValueHeads: config.keyValueHeads,
    eps: config.normEps,
    groups: groups.flatMap(({ firstRow, count, length }) => [firstRow, count, length]),
    keepGraph,
  };
  return engine().runKernel(fusedLayer, { x, ...weights, cos, sin }, attributes) as Tensor2D;
}

function composeLayer(
  inputs: NamedTensors<LayerInput>,
  geometry: LayerGeometry,
  config: DecoderConfig,
): Tensor2D {
  const { x, inputNorm, q, k, v, o, postNorm, gate, up, down } = inputs;
  const normed = rmsNorm(x, inputNorm, config.normEps);
  const queries = rotate(heads(linear(normed, q), config), geometry);
  const keys = rotate(heads(linear(normed, k), config), geometry);
  const values = heads(linear(normed, v), config);
  const attended = attention(queries, keys, values, geometry.groups);
  const middle = add(x, linear(attended, o));
  const normedMiddle = rmsNorm(middle, postNorm, config.normEps);
  const gated = linear(normedMiddle, gate);
  const swish = mul(gated, sigmoid(gated));
  return add(middle, linear(mul(swish, linear(normedMiddle, up)), down));
}

/** x / rms(x) * weight, over the last axis. */
export function rmsNorm(x: Tensor, weight: Tensor, eps: number): Tensor {
  const scale = rsqrt(add(mean(mul(x, x), -1, true), eps));
  return mul(weight, mul(x, scale));
}

/** [T, N D] -> [T, N, D] */
const heads = (x: Tensor, config: DecoderConfig): Tensor =>
  reshape(x, [x.shape[0] as number, -1, headSize(config)]);

/** Turns the two halves of every head as pairs. x [T, N, D] */
function rotate(x: Tensor, { cos, sin }: LayerGeometry): Tensor {
  const [rows, half] = cos.shape;
  const cos_T1 = reshape(cos, [rows, 1, half]);
  const sin_T1 = reshape(sin, [rows, 1, half]);
  const [first, second] = split(x, 2, -1) as [Tensor, Tensor];
  const turnedFirst = sub(mul(first, cos_T1), mul(second, sin_T1));
  const turnedSecond = add(mul(second, cos_T1), mul(first, sin_T1));
  return concat([turnedFirst, turnedSecond], -1);
}

/** Every sequence attends to itself only, row by row to what came before. -> [T, Nq D] */
function attention(
  queries_TND: Tensor,
  keys_TND: Tensor,
  values_TND: Tensor,
  groups: readonly SequenceGroup[],
): Tensor {
  const rows = groups.map(({ count, length }) => count * length);
  const [queries, keys, values] = [queries_TND, keys_TND, values_TND].map((x) =>
    rows.length === 1 ? [x] : split(x, rows),
  ) as [Tensor[], Tensor[], Tensor[]];
  const attended = groups.map((group, index) =>
    groupAttention(queries[index] as Tensor, keys[index] as Tensor, values[index] as Tensor, group),
  );
  return attended.length === 1 ? (attended[0] as Tensor) : concat(attended, 0);
}

function groupAttention(
  queries: Tensor,
  keys: Tensor,
  values: Tensor,
  { count, length }: SequenceGroup,
): Tensor {
  const [, queryHeads, size] = queries.shape as [number, number, number];
  const keyHeads = keys.shape[1] as number;
  const batches = count * keyHeads;
  const queryRows = (queryHeads / keyHeads) * length;
  const byHead = (x: Tensor): Tensor =>
    transpose(reshape(x, [count, length, -1, size]), [0, 2, 1, 3]);
  // Query heads that share a key head are neighbours, so their rows are one longer batch entry.
  const q = reshape(byHead(queries), [batches, queryRows, size]);
  const k = reshape(byHead(keys), [batches, length, size]);
  const v = reshape(byHead(values), [batches, length, size]);
  const scores = mul(matMul(q, k, false, true), 1 / Math.sqrt(size));
  const masked = add(reshape(scores, [-1, length, length]), causalMask(length));
  const weights = reshape(softmax(masked), [batches, queryRows, length]);
  const mixed = reshape(matMul(weights, v), [count, queryHeads, length, size]);
  return reshape(transpose(mixed, [0, 2, 1, 3]), [count * length, queryHeads * size]);
}

/** Zero where the column is not after the row, else so low that softmax makes it exactly zero. */
function causalMask(length: number): Tensor2D {
  const mask = new Float32Array(length * length);
  for (let row = 0; row < length; row++) {
    mask.fill(lowestFloat, row * length + row + 1, (row + 1) * length);
  }
  return tensor2d(mask, [length, length]);
}
