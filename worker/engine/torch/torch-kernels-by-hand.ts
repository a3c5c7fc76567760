/** Kernels that do not fit the table: lists of inputs, no inputs, or no work at all. */
import {
  backend_util,
  type KernelConfig,
  type NamedAttrMap,
  type NamedTensorInfoMap,
  slice_util,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import type { TorchBackend } from './torch-backend.js';

type Attributes = Record<string, unknown>;

/** A kernel as tfjs calls it, with the casts that its untyped registry asks for. */
function kernel<Inputs>(
  kernelName: string,
  compute: (inputs: Inputs, attributes: Attributes, backend: TorchBackend) => TensorInfo,
): KernelConfig {
  return {
    kernelName,
    backendName: 'torch',
    kernelFunc: ({ inputs, attrs, backend }) =>
      compute(
        inputs as NamedTensorInfoMap as unknown as Inputs,
        (attrs ?? {}) as NamedAttrMap as Attributes,
        backend as TorchBackend,
      ),
  };
}

const identity = kernel<{ x: TensorInfo }>('Identity', ({ x }, _attributes, backend) => {
  backend.incRef(x.dataId);
  return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
});

const expandDims = kernel<{ input: TensorInfo }>('ExpandDims', ({ input }, { dim }, backend) => {
  const rank = input.shape.length;
  const axis = (dim as number) < 0 ? rank + (dim as number) + 1 : (dim as number);
  if (axis < 0 || axis > rank) {
    throw new Error(
      `Cannot expand [${input.shape}]: dim is ${dim}: must be in [-${rank + 1}, ${rank}]`,
    );
  }
  const shape = [...input.shape.slice(0, axis), 1, ...input.shape.slice(axis)];
  return backend.runOne('Reshape', [input], { shape });
});

const fill = kernel('Fill', (_inputs, { shape, value, dtype }, backend) =>
  backend.fill(
    shape as number[],
    value as number,
    (dtype ?? util.inferDtype(value as number)) as TensorInfo['dtype'],
  ),
);

const range = kernel('Range', (_inputs, attributes, backend) => {
  const { start, stop, step, dtype } = attributes as unknown as {
    start: number;
    stop: number;
    step: number;
    dtype: 'float32' | 'int32';
  };
  // tfjs's default step of 1 means "towards stop".
  const stride = stop < start && step === 1 ? -1 : step;
  const count = Math.max(0, Math.ceil((stop - start) / stride));
  const values = Array.from({ length: count }, (_, index) => start + index * stride);
  return backend.constant(values, [count], dtype);
});

const linSpace = kernel('LinSpace', (_inputs, attributes, backend) => {
  const { start, stop, num } = attributes as { start: number; stop: number; num: number };
  const stride = num === 1 ? 0 : (stop - start) / (num - 1);
  const values = Array.from({ length: num }, (_, index) => start + index * stride);
  return backend.constant(values, [num], 'float32');
});

const addN = kernel<TensorInfo[]>('AddN', (inputs, _attributes, backend) =>
  backend.runOne('AddN', inputs),
);

const concat = kernel<TensorInfo[]>('Concat', (inputs, { axis }, backend) => {
  const [front] = util.parseAxisParam(axis as number, (inputs[0] as TensorInfo).shape);
  return backend.runOne('Concat', inputs, { axis: front as number });
});

const pack = kernel<TensorInfo[]>('Pack', (inputs, { axis }, backend) => {
  const types = new Set(inputs.map(({ dtype }) => dtype));
  if (types.size > 1) {
    throw new Error(
      `Cannot stack tensors: they are ${[...types].join(' and ')}: must be of one type`,
    );
  }
  return backend.runOne('Pack', inputs, { axis: axis as number });
});

const gather = kernel<{ x: TensorInfo; indices: TensorInfo }>(
  'GatherV2',
  ({ x, indices }, { axis, batchDims }, backend) => {
    const [front] = util.parseAxisParam(axis as number, x.shape);
    const folded = backend_util.segment_util.collectGatherOpShapeInfo(
      x,
      indices,
      front as number,
      (batchDims ?? 0) as number,
    );
    const { batchSize, outerSize, dimSize, sliceSize, outputShape } = folded;
    return backend.runOne('GatherV2', [x, indices], {
      extents: [batchSize, outerSize, dimSize, sliceSize],
      shape: outputShape,
    });
  },
);

const stridedSlice = kernel<{ x: TensorInfo }>('StridedSlice', ({ x }, attributes, backend) => {
  const a = attributes as Record<string, number[] & number>;
  const { begin, end, strides, finalShape } = slice_util.sliceInfo(
    x.shape,
    a.begin as number[],
    a.end as number[],
    a.strides as number[],
    a.beginMask as number,
    a.endMask as number,
    a.ellipsisMask as number,
    a.newAxisMask as number,
    a.shrinkAxisMask as number,
  );
  const size = slice_util.computeOutShape(begin, end, strides);
  const taken = backend.runOne('StridedSlice', [x], { begin, strides, size });
  const shaped = backend.runOne('Reshape', [taken], { shape: finalShape });
  backend.disposeData(taken.dataId);
  return shaped;
});

export const kernelsByHand: readonly KernelConfig[] = [
  identity,
  expandDims,
  fill,
  range,
  linSpace,
  addN,
  concat,
  pack,
  gather,
  stridedSlice,
];
