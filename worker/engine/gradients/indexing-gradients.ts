/** Gradients of kernels that pick rows, or add rows up, by index. */
import {
  cast,
  expandDims,
  type GradConfig,
  gather,
  gatherND,
  greaterEqual,
  maximum,
  mul,
  reshape,
  scalar,
  scatterND,
  type Tensor,
  type Tensor1D,
  transpose,
  unsortedSegmentSum,
  util,
} from '@tensorflow/tfjs-core';
import { constant, zeroGradient } from './gradient.js';

/** Rows that were picked more than once add up. */
const gatherGradient: GradConfig = {
  kernelName: 'GatherV2',
  inputsToSave: ['x', 'indices'],
  gradFunc: (dy, [x, indices], attrs) => {
    const axis = util.parseAxisParam(attrs.axis as number, x!.shape)[0]!;
    if (attrs.batchDims !== 0) {
      throw new Error(
        `Cannot compute the gradient of GatherV2: batchDims is ${attrs.batchDims}: must be 0`,
      );
    }
    return {
      x: () => scatterRows(dy as Tensor, x!, indices!, axis),
      indices: () => zeroGradient(indices!),
    };
  },
};

function scatterRows(dy: Tensor, x: Tensor, indices: Tensor, axis: number): Tensor {
  const [outer, inner] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const rows = reshape(dy, [...outer, indices.size, ...inner]);
  const flatIndices = reshape(indices, [indices.size]) as Tensor1D;
  const order = [axis, ...x.shape.keys()].filter((a, at) => at === 0 || a !== axis);
  const rowsFirst = axis === 0 ? rows : transpose(rows, order);
  const summed = unsortedSegmentSum(rowsFirst, flatIndices, x.shape[axis]!);
  const back = x.shape.map((_, a) => order.indexOf(a));
  return axis === 0 ? summed : transpose(summed, back);
}

const segmentSumGradient: GradConfig = {
  kernelName: 'UnsortedSegmentSum',
  inputsToSave: ['segmentIds'],
  gradFunc: (dy, [ids]) => ({
    x: () => {
      const rows = gather(dy as Tensor, maximum(ids!, scalar(0, 'int32')));
      let belongs = cast(greaterEqual(ids!, scalar(0, 'int32')), 'float32');
      while (belongs.rank < rows.rank) belongs = expandDims(belongs, belongs.rank);
      return mul(rows, belongs);
    },
    segmentIds: () => zeroGradient(ids!),
  }),
};

const gatherNdGradient: GradConfig = {
  kernelName: 'GatherNd',
  inputsToSave: ['params', 'indices'],
  gradFunc: (dy, [params, indices]) => ({
    params: () => scatterND(indices!, dy as Tensor, params!.shape),
    indices: () => zeroGradient(indices!),
  }),
};

const scatterNdGradient: GradConfig = {
  kernelName: 'ScatterNd',
  inputsToSave: ['indices'],
  gradFunc: (dy, [indices]) => ({
    updates: () => gatherND(dy as Tensor, indices!),
    indices: () => zeroGradient(indices!),
  }),
};

export const indexingGradients: readonly GradConfig[] = [
  gatherGradient,
  segmentSumGradient,
  gatherNdGradient,
  scatterNdGradient,
  constant('OneHot', 'indices'),
];
