import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { makeLayer } from './decoder-layer-definition.js';
import {
  loadNative,
  type NativeAttributes,
  type NativeDtype,
  type NativeInput,
  type NativeTensor,
} from './native.js';

const native = loadNative();

interface Tensor {
  readonly shape: readonly number[];
  readonly dtype: NativeDtype;
}

/** Null is one that is left out. */
type Given = Tensor | null;

/** A call that works. */
interface Example {
  readonly inputs: readonly Tensor[];
  readonly attributes: NativeAttributes;
}

const float = (...shape: number[]): Tensor => ({ shape, dtype: 'float32' });
const int = (...shape: number[]): Tensor => ({ shape, dtype: 'int32' });
const bool = (...shape: number[]): Tensor => ({ shape, dtype: 'bool' });
const example = (inputs: readonly Tensor[], attributes: NativeAttributes = {}): Example => ({
  inputs,
  attributes,
});

const everyOne = (names: string, of: Example): [string, Example][] =>
  names.split(' ').map((name) => [name, of]);

const layer = makeLayer({
  heads: 4,
  keyValueHeads: 2,
  headSize: 4,
  intermediateSize: 7,
  attentionBias: 'qkvo',
  queryKeyNorm: true,
  groups: [
    [2, 1],
    [1, 3],
  ],
});

/** The whole table of kernels; the values are zeros, which every kernel takes. */
const examples = new Map<string, Example>([
  ...everyOne(
    'Add Sub Multiply RealDiv Maximum Minimum Pow SquaredDifference Equal NotEqual Greater ' +
      'GreaterEqual Less LessEqual LogicalAnd LogicalOr Atan2 Mod FloorDiv',
    example([float(2, 3), float(3)]),
  ),
  ...everyOne(
    'LogicalNot Abs Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Erf Exp Expm1 Floor IsFinite ' +
      'IsInf IsNan Log Log1p Neg Reciprocal Relu Round Rsqrt Sigmoid Sign Sin Sinh Softplus Sqrt ' +
      'Square Tan Tanh ZerosLike OnesLike',
    example([float(2, 3)]),
  ),
  ...everyOne(
    'Sum Mean Max Min Prod All Any',
    example([float(2, 3)], { axes: [1], keepDims: true }),
  ),
  ...everyOne('ArgMax ArgMin Softmax LogSoftmax', example([float(2, 3)], { axis: 1 })),
  ...everyOne(
    'Cumsum Cumprod',
    example([float(2, 3)], { axis: 1, exclusive: true, reverse: true }),
  ),
  ['Step', example([float(2)], { alpha: 0 })],
  ['ClipByValue', example([float(2)], { clipValueMin: 0, clipValueMax: 1 })],
  ['Cast', example([float(2)], { dtype: 'int32' })],
  ['Select', example([bool(2), float(2, 3), float(2, 3)])],
  ['AddN', example([float(2), float(2)])],
  ['TopK', example([float(2, 3)], { k: 2 })],
  ['BatchMatMul', example([float(2, 3), float(3, 4)], { transposeA: false, transposeB: false })],
  ['Reshape', example([float(2, 3)], { shape: [6] })],
  ['Transpose', example([float(2, 3)], { perm: [1, 0] })],
  ['Concat', example([float(2, 3), float(1, 3)], { axis: 0 })],
  ['Slice', example([float(2, 3)], { begin: [0, 1], size: [2, 2] })],
  ['StridedSlice', example([float(2, 3)], { begin: [0, 2], size: [2, 2], strides: [1, -2] })],
  ['BroadcastTo', example([float(3)], { shape: [2, 3] })],
  ['Pack', example([float(3), float(3)], { axis: 0 })],
  ['Unpack', example([float(2, 3)], { axis: 0 })],
  ['SplitV', example([float(2, 3)], { axis: 1, sizes: [1, 2] })],
  ['Tile', example([float(2, 3)], { reps: [1, 2] })],
  ['Reverse', example([float(2, 3)], { dims: [0] })],
  ['PadV2', example([float(2, 3)], { padding: [1, 1, 0, 0], constantValue: 0 })],
  ['Fill', example([], { shape: [2], value: 1, dtype: 'float32' })],
  ['GatherV2', example([float(5, 2), int(3)], { extents: [1, 1, 5, 2], shape: [3, 2] })],
  ['UnsortedSegmentSum', example([float(3, 2), int(3)], { numSegments: 2 })],
  ['GatherNd', example([float(5, 2), int(3, 1)])],
  ['ScatterNd', example([int(3, 1), float(3, 2)], { shape: [5, 2] })],
  ['OneHot', example([int(3)], { depth: 4, onValue: 1, offValue: 0, dtype: 'float32' })],
  ['LockstepProductSeconds', example([], { size: 4, precision: 'f32', repetitions: 1 })],
  ['LockstepToHost', example([float(2)])],
  ['LockstepEmbed', example([float(5, 3), float(3), int(4)])],
  ['LockstepEmbedGrad', example([float(4, 3), int(4)], { words: 5 })],
  [
    'LockstepInfoNce',
    example([float(3, 4), float(3, 4), float(6, 4), int(3), int(6)], {
      scale: 2,
      lossScale: 0.5,
      falseNegatives: 'rows',
      threshold: 0.9,
      logits: true,
      chunkElements: 100,
    }),
  ],
  [
    'LockstepDecoderLayer',
    example(
      Object.values(layer.shapes).map((shape) => float(...shape)),
      { ...layer.attributes, keep: 'activations' },
    ),
  ],
  ['LockstepDecoderLayerGrad', example([float(5, 16), float(5, 16)])],
]);

function create({ shape, dtype }: Tensor): number {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const values = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[dtype];
  return native.create(new values(size), shape, dtype);
}

/** Runs a kernel on new tensors and leaves nothing behind. */
function run(kernel: string, inputs: readonly Given[], attributes: NativeAttributes): void {
  const handles = inputs.map((input) => (input === null ? null : create(input)));
  // The backward belongs to a forward's output, so that one takes the place of the first input.
  const made: NativeTensor[] = [];
  if (kernel === 'LockstepDecoderLayerGrad' && sameAs(inputs[0], [5, 16])) {
    const { inputs: given, attributes: how } = examples.get('LockstepDecoderLayer') as Example;
    const weights = given.map(create);
    made.push(...native.run('LockstepDecoderLayer', weights, how));
    for (const handle of weights) native.dispose(handle);
    handles.push(handles[0] ?? null);
    handles[0] = (made[0] as NativeTensor).handle;
  }
  try {
    const wanted =
      kernel === 'LockstepDecoderLayerGrad' ? handles.slice(0, inputs.length) : handles;
    made.push(...native.run(kernel, wanted, attributes));
  } finally {
    for (const handle of [...handles, ...made.map(({ handle }) => handle)]) {
      if (handle !== null) native.dispose(handle);
    }
  }
}

const sameAs = (given: Given | undefined, shape: readonly number[]): boolean =>
  given?.dtype === 'float32' && String(given.shape) === String(shape);

/** Every input in turn, and its changes. */
function* changes(
  inputs: readonly Tensor[],
  of: (input: Tensor, index: number) => readonly Given[],
): Generator<readonly [index: number, changed: Given[]]> {
  for (const [index, input] of inputs.entries()) {
    for (const other of of(input, index)) {
      yield [index, (inputs as readonly Given[]).with(index, other)] as const;
    }
  }
}

const otherTypes = (input: Tensor, { types }: NativeInput): Tensor[] =>
  (['float32', 'int32', 'bool'] as const)
    .filter((dtype) => !types.split(' or ').includes(dtype))
    .map((dtype) => ({ ...input, dtype }));

/** One axis less, one more. */
const otherRanks = ({ shape, dtype }: Tensor): Tensor[] => [
  { shape: shape.slice(1), dtype },
  { shape: [...shape, 1], dtype },
];

/** Each axis shorter, longer and empty. */
const otherExtents = ({ shape, dtype }: Tensor, axes: readonly number[]): Tensor[] =>
  axes.flatMap((axis) =>
    [-1, 1, 91, -(shape[axis] as number)].map((more) => ({
      shape: shape.with(axis, (shape[axis] as number) + more),
      dtype,
    })),
  );

/** Axes whose extent another input, or another axis of this one, names too. */
function sharedAxes(takes: readonly NativeInput[], index: number): number[] {
  const all = takes.flatMap(({ shape }) => shape.split(' '));
  const words = (takes[index] as NativeInput).shape.split(' ');
  return words.flatMap((word, axis) =>
    all.filter((each) => each === word).length > 1 ? axis : [],
  );
}

describe('a kernel of the torch engine', () => {
  before(() => {
    native.open({ threads: 1, deterministic: true, tf32: false, hostPasses: 'blocks' });
  });

  const signatures = Object.entries(native.signatures());

  // Would catch a kernel that is new and that nobody has tried with wrong inputs.
  it('has an example in this table', () => {
    assert.deepEqual([...examples.keys()].sort(), signatures.map(([name]) => name).sort());
  });

  for (const [kernel, takes] of signatures) {
    const { inputs, attributes } = examples.get(kernel) as Example;
    const ruleOf = (index: number): NativeInput =>
      takes[Math.min(index, takes.length - 1)] as NativeInput;

    // Would catch a loop that reads or writes memory by a shape that nobody has looked at.
    it(`${kernel} refuses inputs that do not fit`, () => {
      run(kernel, inputs, attributes);
      const refuses = (given: readonly Given[], reason: RegExp): void =>
        assert.throws(
          () => run(kernel, given, attributes),
          (error: Error) =>
            error.message.startsWith(`Cannot run kernel ${kernel} on [`) &&
            reason.test(error.message),
          JSON.stringify(given),
        );
      const fewer =
        kernel === 'AddN' || kernel === 'Concat' || kernel === 'Pack' ? [] : inputs.slice(1);
      if (inputs.length > 0) refuses(fewer, /there are \d+ inputs: must be (at least )?\d+/);
      for (const [index, given] of changes(inputs, (input, at) => otherTypes(input, ruleOf(at)))) {
        const { name, types } = ruleOf(index);
        refuses(
          given,
          new RegExp(`the input "${name}" is ${given[index]?.dtype}.*: must be ${types}`),
        );
      }
      const needed = (_: Tensor, at: number): Given[] => (ruleOf(at).optional ? [] : [null]);
      for (const [index, given] of changes(inputs, needed)) {
        refuses(given, new RegExp(`the input "${ruleOf(index).name}" is missing: must be `));
      }
      const bound = inputs.map(
        (_, index) => (ruleOf(index).shape === '' ? [] : [index]).length > 0,
      );
      for (const [, given] of changes(inputs, (input, at) =>
        bound[at] ? otherRanks(input) : [],
      )) {
        refuses(given, /the input "\w+" is \w+ \[.*\]: must be [a-z0-9 ]+ \[.*\]/);
      }
      const shared = (input: Tensor, at: number): Tensor[] =>
        bound[at] ? otherExtents(input, sharedAxes(takes, at)) : [];
      for (const [, given] of changes(inputs, shared)) {
        refuses(given, /the input "\w+" is \w+ \[.*\]: must be [a-z0-9 ]+ \[.*\] with \w+/);
      }
    });

    // Would catch a shape that the signature leaves open and that ends the process.
    it(`${kernel} computes or says why not, whatever the inputs' shapes`, () => {
      const any = (input: Tensor): Given[] => [
        null,
        ...otherRanks(input),
        ...otherExtents(input, [...input.shape.keys()]),
        { shape: [], dtype: input.dtype },
      ];
      for (const [, given] of changes(inputs, any)) {
        try {
          run(kernel, given, attributes);
        } catch (error) {
          assert.match((error as Error).message, new RegExp(`^Cannot run kernel ${kernel} on \\[`));
        }
      }
    });

    // Would catch an attribute of another type, which reaches a kernel as some other number.
    it(`${kernel} names an attribute that is missing or of another type`, () => {
      for (const name of Object.keys(attributes)) {
        const { [name]: _, ...rest } = attributes;
        assert.throws(() => run(kernel, inputs, rest), new RegExp(`"${name}" is missing`));
        const wrong = { ...rest, [name]: {} } as unknown as NativeAttributes;
        assert.throws(
          () => run(kernel, inputs, wrong),
          new RegExp(`"${name}" is an object: must be`),
        );
      }
    });
  }

  // Would catch a refused backward that has already consumed what its forward kept.
  it('keeps a backward for the call that fits', () => {
    const { inputs, attributes } = examples.get('LockstepDecoderLayer') as Example;
    const [y] = native.run('LockstepDecoderLayer', inputs.map(create), attributes);
    const handle = (y as NativeTensor).handle;
    const backward = (rows: number): NativeTensor[] =>
      native.run('LockstepDecoderLayerGrad', [handle, create(float(rows, 16))], {});
    assert.throws(
      () => backward(96),
      /Cannot run kernel LockstepDecoderLayerGrad on .*"dy" is float32 \[96, 16\]: must be float32 \[R, H\] with R = 5, H = 16/,
    );
    assert.equal(backward(5).length, 16);
  });

  // Would catch heads that do not divide what they read, and rows that no group names.
  it('refuses heads, groups and tokens that do not fit the inputs', () => {
    const { inputs, attributes } = examples.get('LockstepDecoderLayer') as Example;
    const layerWith = (changed: NativeAttributes): void =>
      run('LockstepDecoderLayer', inputs, { ...attributes, ...changed });
    assert.throws(() => layerWith({ heads: 3 }), /heads is 3: must be a multiple of keyValueHeads/);
    assert.throws(
      () => layerWith({ heads: 8, keyValueHeads: 2 }),
      /"q" has 16 rows: must have 8 h/,
    );
    assert.throws(() => layerWith({ keyValueHeads: 4 }), /"k" has 8 rows: must have 4 heads of 4/);
    for (const groups of [
      [0, 5],
      [0, 2 ** 40, 2 ** 40],
      [1, 1, 4],
      [0, -1, 5],
      [0, 5, 1, 5, 1, 1],
    ]) {
      assert.throws(() => layerWith({ groups }), /groups/);
    }
    assert.throws(() => layerWith({ rows: 'some' }), /rows "some" is not one of all, last/);
    assert.throws(() => layerWith({ wants: 'x cos' }), /wants names "cos": must name inputs/);
  });

  // Would catch a tensor that is created from, or read into, memory of another size.
  it('refuses memory of another size than the tensor', () => {
    const values = new Float32Array(6);
    assert.throws(() => native.create(values, [2, 4], 'float32'), /\[2, 4\] takes 32 bytes/);
    assert.throws(() => native.create(values, [-1, -6], 'float32'), /Cannot create a tensor/);
    const x = native.create(values, [2, 3], 'float32');
    assert.throws(() => native.read(x, new Float32Array(7)), /has 28 bytes: the tensor has 24/);
    assert.throws(
      () => native.read(x, [] as never),
      /"values" is an object: must be a typed array/,
    );
    assert.throws(() => native.run('Neg', [x, x], {}), /there are 2 inputs: must be 1/);
    assert.throws(() => native.run('Neg', [0.5], {}), /"inputs" is 0.5.*: must be an integer/);
    native.dispose(x);
    assert.throws(() => native.run('Neg', [x], {}), /Cannot run kernel Neg: .*disposed of/);
  });
});
