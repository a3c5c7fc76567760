/** Gradients of kernels that move elements without computing. */
import {
  backend_util,
  broadcast_util,
  concat,
  type GradConfig,
  pad,
  reshape,
  reverse,
  slice,
  slice_util,
  split,
  stack,
  sum,
  type Tensor,
  transpose,
  unstack,
  util,
} from '@tensorflow/tfjs-core';

const sameElements = (kernelName: string, input: string): GradConfig => ({
  kernelName,
  inputsToSave: [input],
  gradFunc: (dy, [x]) => ({ [input]: () => reshape(dy as Tensor, x!.shape) }),
});

const transposeGradient: GradConfig = {
  kernelName: 'Transpose',
  gradFunc: (dy, _saved, attrs) => ({
    x: () => transpose(dy as Tensor, backend_util.getUndoAxesPermutation(attrs.perm as number[])),
  }),
};

const concatGradient: GradConfig = {
  kernelName: 'Concat',
  saveAllInputs: true,
  gradFunc: (dy, saved, attrs) => {
    const axis = util.parseAxisParam(attrs.axis as number, saved[0]!.shape)[0]!;
    const parts = split(
      dy as Tensor,
      saved.map((x) => x.shape[axis]!),
      axis,
    );
    return Object.fromEntries(parts.map((part, index) => [index, () => part]));
  },
};

const splitGradient: GradConfig = {
  kernelName: 'SplitV',
  gradFunc: (dy, _saved, attrs) => ({ x: () => concat(dy as Tensor[], attrs.axis as number) }),
};

const packGradient: GradConfig = {
  kernelName: 'Pack',
  saveAllInputs: true,
  gradFunc: (dy, _saved, attrs) =>
    Object.fromEntries(
      unstack(dy as Tensor, attrs.axis as number).map((part, index) => [index, () => part]),
    ),
};

const unpackGradient: GradConfig = {
  kernelName: 'Unpack',
  gradFunc: (dy, _saved, attrs) => ({ value: () => stack(dy as Tensor[], attrs.axis as number) }),
};

const sliceGradient: GradConfig = {
  kernelName: 'Slice',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attrs) => {
    const { begin, size } = attrs as { begin: number[]; size: number[] };
    const [from, length] = slice_util.parseSliceParams(x!, begin, size) as [number[], number[]];
    const around = x!.shape.map((whole, axis): [number, number] => [
      from[axis]!,
      whole - from[axis]! - length[axis]!,
    ]);
    return { x: () => pad(dy as Tensor, around) };
  },
};

const padGradient = (kernelName: string): GradConfig => ({
  kernelName,
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attrs) => ({
    x: () =>
      slice(
        dy as Tensor,
        (attrs.paddings as number[][]).map(([before]) => before!),
        x!.shape,
      ),
  }),
});

/** The copies of a tile are axes of their own once each axis is split into (copies, size). */
const tileGradient: GradConfig = {
  kernelName: 'Tile',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attrs) => {
    const copies = attrs.reps as number[];
    const split = x!.shape.flatMap((size, axis) => [copies[axis]!, size]);
    const copyAxes = copies.map((_, axis) => 2 * axis);
    return { x: () => sum(reshape(dy as Tensor, split), copyAxes) };
  },
};

const broadcastGradient: GradConfig = {
  kernelName: 'BroadcastTo',
  inputsToSave: ['x'],
  gradFunc: (dy, [x]) => {
    const axes = broadcast_util.getReductionAxes(x!.shape, (dy as Tensor).shape);
    return { x: () => reshape(sum(dy as Tensor, axes), x!.shape) };
  },
};

const reverseGradient: GradConfig = {
  kernelName: 'Reverse',
  gradFunc: (dy, _saved, attrs) => ({ x: () => reverse(dy as Tensor, attrs.dims as number[]) }),
};

export const shapeGradients: readonly GradConfig[] = [
  sameElements('Reshape', 'x'),
  sameElements('ExpandDims', 'input'),
  transposeGradient,
  concatGradient,
  splitGradient,
  packGradient,
  unpackGradient,
  sliceGradient,
  padGradient('PadV2'),
  tileGradient,
  broadcastGradient,
  reverseGradient,
];
