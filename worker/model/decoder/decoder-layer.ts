/**
 * One Llama decoder layer over packed sequences: RMSNorm, rotary grouped-query attention (with
 * Qwen2's biases or Qwen3's norms of queries and keys where their weights are there), RMSNorm,
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
  matMul,
  mean,
  mul,
  reshape,
  rsqrt,
  sigmoid,
  slice,
  softmax,
  split,
  sub,
  type Tensor,
  type Tensor2D,
  tensor2d,
  transpose,
} from '@tensorflow/tfjs-core';
import { hasKernel } from '../autodiff/has-kernel.js';
import { type NamedTensors, type Pullback, vjp } from '../autodiff/vjp.js';
import { type Computation, type DecoderConfig, headSize } from '../model-config.js';
import type {
  CommonParameter,
  LayerParameter,
  VariantParameter,
} from '../parameters/parameter-layout.js';
import { linear } from './linear.js';
import { lowestFloat } from './lowest-float.js';
import type { SequenceGroup } from './packed-layout.js';

/** `last`: only the last row of each sequence comes out, and only what it needs is computed. */
export type RowsOut = 'all' | 'last';

export interface LayerOptions {
  readonly rows: RowsOut;
  readonly precision: Computation['precision'];
  /** Whether the activations wait for the backward, or the layer runs again. */
  readonly keepActivations: boolean;
  /** Those that the pullback returns; all where it is left out. */
  readonly gradients?: readonly LayerInput[];
}

const defaults: LayerOptions = { rows: 'all', precision: 'f32', keepActivations: true };

/** Whether a layer has a variant's weights decides what it computes. */
export type LayerWeights = NamedTensors<CommonParameter> & Partial<NamedTensors<VariantParameter>>;
export type LayerInput = LayerParameter | 'x';
type LayerInputs = LayerWeights & { readonly x: Tensor };

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
 * @returns y [T, H], or [sequences, H] where only the last rows are wanted; the pullback's gradients
 * are those that the options name, or of x and of every weight.
 */
export function decoderLayer(
  x: Tensor2D,
  weights: LayerWeights,
  geometry: LayerGeometry,
  config: DecoderConfig,
  options: LayerOptions = defaults,
): [y: Tensor2D, pullback: Pullback<LayerInput>] {
  if (isFused()) return runFused(x, weights, geometry, config, options);
  const inputs: LayerInputs = { x, ...weights };
  const layer = vjp<LayerInput, Tensor2D>((varied) =>
    composeLayer({ ...inputs, ...varied }, geometry, config, options),
  );
  return layer(chosen(inputs as NamedTensors<LayerInput>, options.gradients));
}

function chosen(
  of: NamedTensors<LayerInput>,
  names: readonly LayerInput[] | undefined,
): NamedTensors<LayerInput> {
  if (names === undefined) return of;
  return Object.fromEntries(names.map((name) => [name, of[name]])) as NamedTensors<LayerInput>;
}

/** The same y where no gradient is wanted; keeps nothing. */
export function decoderLayerOnly(
  x: Tensor2D,
  weights: LayerWeights,
  geometry: LayerGeometry,
  config: DecoderConfig,
  options: LayerOptions = defaults,
): Tensor2D {
  if (isFused()) return fusedForward(x, weights, geometry, config, options, nothing);
  return engine().tidy(() => composeLayer({ x, ...weights }, geometry, config, options));
}

/** Where the engine registers the fused kernel, it registers its gradient too. */
const isFused = (): boolean => hasKernel(fusedLayer);

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
  'qBias',
  'kBias',
  'vBias',
  'oBias',
  'qNorm',
  'kNorm',
];

/** What a forward of the fused kernel is for. */
interface FusedBackward {
  readonly keep: 'nothing' | 'input' | 'activations';
  /** In `gradientOrder`, in which the kernel brings them. */
  readonly wants: readonly LayerInput[];
}

const nothing: FusedBackward = { keep: 'nothing', wants: [] };

function runFused(
  x: Tensor2D,
  weights: LayerWeights,
  geometry: LayerGeometry,
  config: DecoderConfig,
  options: LayerOptions,
): [y: Tensor2D, pullback: Pullback<LayerInput>] {
  const given: Partial<LayerInputs> = { x, ...weights };
  const { gradients: named = gradientOrder, keepActivations } = options;
  const wants = gradientOrder.filter((name) => given[name] !== undefined && named.includes(name));
  const keep = keepActivations ? 'activations' : 'input';
  const y = fusedForward(x, weights, geometry, config, options, { keep, wants });
  const pullback = (dy: Tensor): NamedTensors<LayerInput> => {
    const gradients = engine().runKernel(fusedLayerGradient, { y, dy }, {}) as Tensor[];
    return Object.fromEntries(
      wants.map((name, index) => [name, gradients[index]]),
    ) as NamedTensors<LayerInput>;
  };
  // What the engine keeps belongs to y and ends with it.
  return [y, Object.assign(pullback, { dispose: () => undefined })];
}

function fusedForward(
  x: Tensor2D,
  weights: LayerWeights,
  { groups, cos, sin }: LayerGeometry,
  config: DecoderConfig,
  { rows, precision }: LayerOptions,
  { keep, wants }: FusedBackward,
): Tensor2D {
  const attributes = {
    heads: config.heads,
    keyValueHeads: config.keyValueHeads,
    eps: config.normEps,
    groups: groups.flatMap(({ firstRow, count, length }) => [firstRow, count, length]),
    leaves: groups.map(({ leaves }) => leaves),
    rows,
    precision,
    keep,
    wants: wants.join(' '),
  };
  return engine().runKernel(fusedLayer, { x, ...weights, cos, sin }, attributes) as Tensor2D;
}

function composeLayer(
  inputs: LayerInputs,
  geometry: LayerGeometry,
  config: DecoderConfig,
  { rows, precision }: LayerOptions,
): Tensor2D {
  if (precision !== 'f32') {
    throw new Error(
      `Cannot compute in ${precision} with the engine ${getBackend()}: it has only f32`,
    );
  }
  const { x, inputNorm, q, k, v, o, postNorm, gate, up, down } = inputs;
  const normed = rmsNorm(x, inputNorm, config.normEps);
  const chosen = rowChoice(rows, geometry);
  const headNorm = (heads: Tensor, weight: Tensor | undefined): Tensor =>
    weight === undefined ? heads : rmsNorm(heads, weight, config.normEps);
  const queries = rotate(
    headNorm(heads(affine(chosen(normed), q, inputs.qBias), config), inputs.qNorm),
    { cos: chosen(geometry.cos), sin: chosen(geometry.sin) },
  );
  const keys = rotate(
    headNorm(heads(affine(normed, k, inputs.kBias), config), inputs.kNorm),
    geometry,
  );
  const values = heads(affine(normed, v, inputs.vBias), config);
  const attended = attention(queries, keys, values, geometry.groups, rows);
  const middle = add(chosen(x), affine(attended, o, inputs.oBias));
  const normedMiddle = rmsNorm(middle, postNorm, config.normEps);
  const gated = linear(normedMiddle, gate);
  const swish = mul(gated, sigmoid(gated));
  return add(middle, linear(mul(swish, linear(normedMiddle, up)), down));
}

const affine = (x: Tensor, weight: Tensor, bias: Tensor | undefined): Tensor =>
  bias === undefined ? linear(x, weight) : add(linear(x, weight), bias);

/** Takes the rows that come out. */
function rowChoice(rows: RowsOut, { groups }: LayerGeometry): <T extends Tensor>(x: T) => T {
  if (rows === 'all') return (x) => x;
  if (groups.some(({ leaves }) => leaves > 0)) {
    throw new Error('Cannot take the last row of a sequence with leaves: it has several ends');
  }
  const all = groups.map(({ count, length }) => count * length);
  return <T extends Tensor>(x: T): T => {
    const last = parts(x, all).map((part, index) => {
      const { count, length } = groups[index] as SequenceGroup;
      const sequences = reshape(part, [count, length, -1]);
      return reshape(slice(sequences, [0, length - 1, 0], [count, 1, -1]), [count, -1]);
    });
    return (last.length === 1 ? last[0] : concat(last, 0)) as T;
  };
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
function rotate(x: Tensor, { cos, sin }: Pick<LayerGeometry, 'cos' | 'sin'>): Tensor {
  const [rows, half] = cos.shape;
  const cos_T1 = reshape(cos, [rows, 1, half]);
  const sin_T1 = reshape(sin, [rows, 1, half]);
  const [first, second] = split(x, 2, -1) as [Tensor, Tensor];
  const turnedFirst = sub(mul(first, cos_T1), mul(second, sin_T1));
  const turnedSecond = add(mul(second, cos_T1), mul(first, sin_T1));
  return concat([turnedFirst, turnedSecond], -1);
}

/**
 * Every sequence attends to itself only, row by row to what came before, but for its leaves; the
 * last rows have everything before them. -> [T or sequences, Nq D]
 */
function attention(
  queries_RND: Tensor,
  keys_TND: Tensor,
  values_TND: Tensor,
  groups: readonly SequenceGroup[],
  rows: RowsOut,
): Tensor {
  const all = groups.map(({ count, length }) => count * length);
  const out = rows === 'all' ? all : groups.map(({ count }) => count);
  const queries = parts(queries_RND, out);
  const [keys, values] = [parts(keys_TND, all), parts(values_TND, all)];
  const attended = groups.map((group, index) =>
    groupAttention(
      queries[index] as Tensor,
      keys[index] as Tensor,
      values[index] as Tensor,
      group,
      rows,
    ),
  );
  return attended.length === 1 ? (attended[0] as Tensor) : concat(attended, 0);
}

const parts = (x: Tensor, rows: number[]): Tensor[] => (rows.length === 1 ? [x] : split(x, rows));

function groupAttention(
  queries: Tensor,
  keys: Tensor,
  values: Tensor,
  { count, length, leaves }: SequenceGroup,
  rows: RowsOut,
): Tensor {
  const [, queryHeads, size] = queries.shape as [number, number, number];
  const keyHeads = keys.shape[1] as number;
  const batches = count * keyHeads;
  const reading = rows === 'all' ? length : 1;
  const queryRows = (queryHeads / keyHeads) * reading;
  const byHead = (x: Tensor): Tensor =>
    transpose(reshape(x, [count, -1, x.shape[1] as number, size]), [0, 2, 1, 3]);
  // Query heads that share a key head are neighbours, so their rows are one longer batch entry.
  const q = reshape(byHead(queries), [batches, queryRows, size]);
  const k = reshape(byHead(keys), [batches, length, size]);
  const v = reshape(byHead(values), [batches, length, size]);
  const scores = mul(matMul(q, k, false, true), 1 / Math.sqrt(size));
  const masked =
    rows === 'all'
      ? add(reshape(scores, [-1, length, length]), attentionMask(length, leaves))
      : scores;
  const weights = reshape(softmax(masked), [batches, queryRows, length]);
  const mixed = reshape(matMul(weights, v), [count, queryHeads, reading, size]);
  return reshape(transpose(mixed, [0, 2, 1, 3]), [count * reading, queryHeads * size]);
}

/** Zero where the row sees the column, else so low that softmax makes it exactly zero. */
function attentionMask(length: number, leaves: number): Tensor2D {
  const mask = new Float32Array(length * length);
  for (let row = 0; row < length; row++) {
    mask.fill(lowestFloat, row * length + row + 1, (row + 1) * length);
    // Of the leaves before it, a leaf sees none.
    if (row > length - leaves) {
      mask.fill(lowestFloat, row * length + length - leaves, row * length + row);
    }
  }
  return tensor2d(mask, [length, length]);
}
