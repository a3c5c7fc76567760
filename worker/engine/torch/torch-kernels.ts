/**
 * tfjs's kernels on libtorch. An entry names the inputs in the order of the addon and says how
 * tfjs's attributes become the addon's, which knows no defaults, no negative axes and no nulls.
 */
import {
  backend_util,
  type KernelConfig,
  type NamedAttrMap,
  type NamedTensorInfoMap,
  registerKernel,
  slice_util,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import type { NativeAttributes } from './native.js';
import type { TorchBackend } from './torch-backend.js';

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
      'Ceil',
      'Cos',
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
      'Sqrt',
      'Square',
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
  Cumsum: [
    unary,
    (attributes, inputs) => ({
      ...oneAxis('axis', 0)(attributes, inputs),
      exclusive: attributes.exclusive === true,
      reverse: attributes.reverse === true,
    }),
  ],
  TopK: [unary, ({ k, sorted }) => ({ k: k as number, sorted: sorted === true })],

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
    ['x', 'inputNorm', 'q', 'k', 'v', 'o', 'postNorm', 'gate', 'up', 'down', 'cos', 'sin'],
    asIs,
  ],
  LockstepDecoderLayerGrad: [['y', 'dy'], none],
};

/** Kernels whose output is a list even where it has one entry. */
const listKernels = new Set(['TopK', 'Unpack', 'SplitV', 'LockstepDecoderLayerGrad']);

function tableKernels(): KernelConfig[] {
  return Object.entries(kernels).map(([kernelName, [names, translate]]) => ({
    kernelName,
    backendName: 'torch',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const list = names.map((name) => (inputs as NamedTensorInfoMap)[name] as TensorInfo);
      const attributes = translate((attrs ?? {}) as Attributes, list);
      const outputs = (backend as TorchBackend).run(kernelName, list, attributes);
      return listKernels.has(kernelName) ? outputs : (outputs[0] as TensorInfo);
    },
  }));
}

/** Kernels that do not fit the table: lists of inputs, no inputs, or no work at all. */
const otherKernels: KernelConfig[] = [
  {
    kernelName: 'Identity',
    backendName: 'torch',
    kernelFunc: ({ inputs, backend }) => {
      const x = (inputs as NamedTensorInfoMap).x as TensorInfo;
      (backend as TorchBackend).incRef(x.dataId);
      return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
    },
  },
  {
    kernelName: 'ExpandDims',
    backendName: 'torch',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const input = (inputs as NamedTensorInfoMap).input as TensorInfo;
      const dim = (attrs as NamedAttrMap).dim as number;
      const shape = [...input.shape];
      shape.splice(dim < 0 ? input.shape.length + dim + 1 : dim, 0, 1);
      return (backend as TorchBackend).runOne('Reshape', [input], { shape });
    },
  },
  {
    kernelName: 'Fill',
    backendName: 'torch',
    kernelFunc: ({ attrs, backend }) => {
      const { shape, value, dtype } = attrs as unknown as {
        shape: number[];
        value: number;
        dtype?: 'float32' | 'int32' | 'bool';
      };
      const attributes = { shape, value: Number(value), dtype: dtype ?? 'float32' };
      return (backend as TorchBackend).runOne('Fill', [], attributes);
    },
  },
  {
    kernelName: 'AddN',
    backendName: 'torch',
    kernelFunc: ({ inputs, backend }) =>
      (backend as TorchBackend).runOne('AddN', inputs as unknown as TensorInfo[]),
  },
  {
    kernelName: 'Concat',
    backendName: 'torch',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const list = inputs as unknown as TensorInfo[];
      const axis = util.parseAxisParam(
        (attrs as NamedAttrMap).axis as number,
        firstInput(list).shape,
      )[0] as number;
      return (backend as TorchBackend).runOne('Concat', list, { axis });
    },
  },
  {
    kernelName: 'Pack',
    backendName: 'torch',
    kernelFunc: ({ inputs, attrs, backend }) =>
      (backend as TorchBackend).runOne('Pack', inputs as unknown as TensorInfo[], {
        axis: (attrs as NamedAttrMap).axis as number,
      }),
  },
  {
    kernelName: 'GatherV2',
    backendName: 'torch',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { x, indices } = inputs as { x: TensorInfo; indices: TensorInfo };
      const { axis, batchDims } = attrs as { axis: number; batchDims: number };
      if (batchDims !== 0) {
        throw new Error(`Cannot gather on the torch engine: batchDims is ${batchDims}: must be 0`);
      }
      const front = util.parseAxisParam(axis, x.shape)[0] as number;
      return (backend as TorchBackend).runOne('GatherV2', [x, indices], { axis: front });
    },
  },
];

/** Names of what is registered; the conformance tests run for exactly these. */
export const torchKernelNames: readonly string[] = [
  ...Object.keys(kernels),
  ...otherKernels.map(({ kernelName }) => kernelName),
];

export function registerTorchKernels(): void {
  for (const kernel of [...tableKernels(), ...otherKernels]) registerKernel(kernel);
}
