/**
 * tfjs's kernels on libtorch. An entry names the inputs in the order of the addon and says how
 * tfjs's attributes become the addon's, which knows no defaults, no negative axes and no nulls.
 */
import {
  backend_util,
  type KernelConfig,
  type NamedTensorInfoMap,
  registerKernel,
  slice_util,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import type { NativeAttributes } from './native.js';
import type { TorchBackend } from './torch-backend.js';
import { kernelsByHand } from './torch-kernels-by-hand.js';

type Attributes = Record<string, unknown>;
type Translate = (attributes: Attributes, inputs: TensorInfo[]) => NativeAttributes;

const asIs: Translate = (attributes) => attributes as NativeAttributes;
const none: Translate = () => ({});

const firstInput = (inputs: TensorInfo[]): TensorInfo => inputs[0] as TensorInfo;

/** One axis, counted from the front. */
const oneAxis =
  (name: string, fallback = -1): Translate =>
  (attributes, inputs) => {
    const axis = attributes[name] ?? fallback;
    return { axis: util.parseAxisParam(axis as number, firstInput(inputs).shape)[0] as number };
  };

/** The axes to reduce, which tfjs names otherwise for `Max`; all of them where it names none. */
const axesAndKeepDims: Translate = ({ axis, reductionIndices, keepDims }, inputs) => ({
  axes: util.parseAxisParam(
    (reductionIndices ?? axis) as number | number[],
    firstInput(inputs).shape,
  ),
  keepDims: keepDims === true,
});

const cumulative: Translate = (attributes, inputs) => ({
  ...oneAxis('axis', 0)(attributes, inputs),
  exclusive: attributes.exclusive === true,
  reverse: attributes.reverse === true,
});

const binary = ['a', 'b'];
const unary = ['x'];

/** Kernel -> its inputs and attributes. */
const kernels: Readonly<Record<string, readonly [inputs: string[], translate: Translate]>> = {
  ...Object.fromEntries(
    [
      'Add',
      'Sub',
      'Multiply',
      'RealDiv',
      'FloorDiv',
      'Maximum',
      'Minimum',
      'Pow',
      'Atan2',
      'Mod',
      'SquaredDifference',
      'Equal',
      'NotEqual',
      'Greater',
      'GreaterEqual',
      'Less',
      'LessEqual',
      'LogicalAnd',
      'LogicalOr',
    ].map((name) => [name, [binary, none] as const]),
  ),
  ...Object.fromEntries(
    [
      'Abs',
      'Acos',
      'Acosh',
      'Asin',
      'Asinh',
      'Atan',
      'Atanh',
      'Ceil',
      'Cos',
      'Cosh',
      'Erf',
      'Exp',
      'Expm1',
      'Floor',
      'IsFinite',
      'IsInf',
      'IsNan',
      'Log',
      'Log1p',
      'LogicalNot',
      'Neg',
      'Reciprocal',
      'Relu',
      'Round',
      'Rsqrt',
      'Sigmoid',
      'Sign',
      'Sin',
      'Sinh',
      'Softplus',
      'Sqrt',
      'Square',
      'Tan',
      'Tanh',
      'ZerosLike',
      'OnesLike',
    ].map((name) => [name, [unary, none] as const]),
  ),
  Step: [unary, asIs],
  ClipByValue: [unary, asIs],
  Cast: [unary, asIs],
  Select: [['condition', 't', 'e'], none],

  ...Object.fromEntries(
    ['Sum', 'Mean', 'Max', 'Min', 'Prod', 'All', 'Any'].map((name) => [
      name,
      [unary, axesAndKeepDims] as const,
    ]),
  ),
  ArgMax: [unary, oneAxis('axis', 0)],
  ArgMin: [unary, oneAxis('axis', 0)],
  Softmax: [['logits'], oneAxis('dim')],
  LogSoftmax: [['logits'], oneAxis('axis')],
  Cumsum: [unary, cumulative],
  Cumprod: [unary, cumulative],
  TopK: [unary, ({ k }) => ({ k: k as number })],

  BatchMatMul: [
    binary,
    ({ transposeA, transposeB }) => ({
      transposeA: transposeA === true,
      transposeB: transposeB === true,
    }),
  ],

  Reshape: [
    unary,
    ({ shape }, inputs) => ({
      shape: util.inferFromImplicitShape(
        shape as number[],
        util.sizeFromShape(firstInput(inputs).shape),
      ),
    }),
  ],
  Transpose: [unary, asIs],
  Slice: [
    unary,
    ({ begin, size }, inputs) => {
      const [start, extent] = slice_util.parseSliceParams(
        firstInput(inputs) as never,
        begin as number[],
        size as number[],
      ) as [number[], number[]];
      slice_util.assertParamsValid(firstInput(inputs) as never, start, extent);
      return { begin: start, size: extent };
    },
  ],
  BroadcastTo: [unary, asIs],
  Unpack: [['value'], oneAxis('axis', 0)],
  SplitV: [
    unary,
    (attributes, inputs) => {
      const { axis } = oneAxis('axis', 0)(attributes, inputs) as { axis: number };
      const parts = attributes.numOrSizeSplits as number | number[];
      return {
        axis,
        sizes: backend_util.prepareSplitSize(firstInput(inputs) as never, parts, axis),
      };
    },
  ],
  Tile: [unary, asIs],
  Reverse: [
    unary,
    ({ dims }, inputs) => ({
      dims: util.parseAxisParam(dims as number[], firstInput(inputs).shape),
    }),
  ],
  PadV2: [
    unary,
    // libtorch lists the last axis first.
    ({ paddings, constantValue }) => ({
      padding: [...(paddings as [number, number][])].reverse().flat(),
      constantValue: constantValue as number,
    }),
  ],

  UnsortedSegmentSum: [['x', 'segmentIds'], asIs],
  GatherNd: [['params', 'indices'], none],
  ScatterNd: [['indices', 'updates'], asIs],
  OneHot: [['indices'], asIs],

  LockstepDecoderLayer: [
    [
      ...['x', 'inputNorm', 'q', 'k', 'v', 'o', 'postNorm', 'gate', 'up', 'down'],
      ...['qBias', 'kBias', 'vBias', 'oBias', 'qNorm', 'kNorm', 'cos', 'sin'],
    ],
    asIs,
  ],
  LockstepDecoderLayerGrad: [['y', 'dy'], none],
  LockstepEmbed: [['words', 'item', 'tokens'], none],
  LockstepEmbedGrad: [['dx', 'tokens'], asIs],
  LockstepProductSeconds: [[], asIs],
  LockstepToHost: [['x'], none],
  LockstepInfoNce: [['users', 'positives', 'negatives', 'positiveRows', 'negativeRows'], asIs],
};

/** Kernels whose output is a list even where it has one entry. */
const listKernels = new Set([
  'TopK',
  'Unpack',
  'SplitV',
  'LockstepDecoderLayerGrad',
  'LockstepInfoNce',
  'LockstepEmbedGrad',
]);

function tableKernels(): KernelConfig[] {
  return Object.entries(kernels).map(([kernelName, [names, translate]]) => ({
    kernelName,
    backendName: 'torch',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const list = names.map((name) => (inputs as NamedTensorInfoMap)[name] ?? null);
      const attributes = translate((attrs ?? {}) as Attributes, list as TensorInfo[]);
      const outputs = (backend as TorchBackend).run(kernelName, list, attributes);
      return listKernels.has(kernelName) ? outputs : (outputs[0] as TensorInfo);
    },
  }));
}

/** Names of what is registered; the conformance tests run for exactly these. */
export const torchKernelNames: readonly string[] = [
  ...Object.keys(kernels),
  ...kernelsByHand.map(({ kernelName }) => kernelName),
];

export function registerTorchKernels(): void {
  for (const kernel of [...tableKernels(), ...kernelsByHand]) registerKernel(kernel);
}
