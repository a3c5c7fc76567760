/**
 * What of tfjs-core's tests this engine does not pass, and why. A test is left out by its own name,
 * or because it needs a kernel that is named here, or tensors of a type that the engine refuses.
 */

/** Kernel -> why the engine goes without it. A model that asks for one gets tfjs's error. */
export const kernelsLeftOut: ReadonlyMap<string, string> = new Map([
  ...because('complex numbers and their transforms have no place in a recommender', ['Complex']),
  ...because('pictures, not sequences', [
    'AvgPool',
    'AvgPool3D',
    'Conv2D',
    'Conv2DBackpropInput',
    'Conv3D',
    'Conv3DBackpropInputV2',
    'CropAndResize',
    'DepthToSpace',
    'DepthwiseConv2dNative',
    'Dilation2D',
    'FlipLeftRight',
    'FusedConv2D',
    'FusedDepthwiseConv2D',
    'LRN',
    'MaxPool',
    'MaxPool3D',
    'MaxPoolWithArgmax',
    'MirrorPad',
    'NonMaxSuppressionV3',
    'NonMaxSuppressionV4',
    'NonMaxSuppressionV5',
    'ResizeBilinear',
    'ResizeNearestNeighbor',
    'Transform',
  ]),
  ...because('batches are cut by plan and packed by length, not folded', [
    'BatchToSpaceND',
    'SpaceToBatchND',
  ]),
  ...because('the models normalise by root mean square, inside the fused layer', [
    'FusedBatchNorm',
  ]),
  ...because('activations of other architectures', ['Elu', 'LeakyRelu', 'Prelu', 'Relu6', 'Selu']),
  ...because('ragged and sparse data are offsets and flat arrays here', [
    'RaggedGather',
    'RaggedRange',
    'RaggedTensorToTensor',
    'SparseFillEmptyRows',
    'SparseReshape',
    'SparseSegmentMean',
    'SparseSegmentSum',
    'SparseToDense',
  ]),
  ...because('nothing is random after the plan', ['Multinomial']),
  ...because('other ways to write what MatMul and the elementwise kernels compute', [
    'Einsum',
    '_FusedMatMul',
  ]),
  ...because('counting and searching happen outside the engine', [
    'Bincount',
    'BitwiseAnd',
    'BroadcastArgs',
    'DenseBincount',
    'Diag',
    'SearchSorted',
    'TensorScatterUpdate',
    'Unique',
  ]),
]);

/** What the engine says of a tensor that it cannot hold; texts never reach it. */
export const refusesStrings = /Cannot put a tensor of type string on the torch engine/;

/** Test -> why it does not hold here. */
export const skippedTests: ReadonlyMap<string, string> = new Map([
  [
    'gradients errors if relevant ops are missing grads',
    'it expects that a kernel has no gradient to which ours give one, of zeros',
  ],
  [
    'gather gradient 2D (gather) axis=1 shape=[4, 2] 1D indices batchDims 1',
    'the gradient of a gather by batch is refused with an error: no model has one',
  ],
]);

function because(reason: string, kernels: readonly string[]): [string, string][] {
  return kernels.map((kernel) => [kernel, reason]);
}
