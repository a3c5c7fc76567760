import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import {
  engine,
  memory,
  type NamedTensorMap,
  setBackend,
  type Tensor,
  tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import type { Engine } from '../engine.js';
import { openEngine } from '../open-engine.js';
import {
  define,
  type Layer,
  type LayerCase,
  makeLayer,
  sequence,
} from './decoder-layer-definition.js';
import { loadNative } from './native.js';

const cases: Readonly<Record<string, LayerCase>> = {
  'several lengths, two query heads on a key head': {
    heads: 4,
    keyValueHeads: 2,
    headSize: 8,
    intermediateSize: 24,
    groups: [
      [3, 1],
      [2, 4],
      [1, 7],
    ],
  },
  'one token, one head': {
    heads: 1,
    keyValueHeads: 1,
    headSize: 4,
    intermediateSize: 5,
    groups: [[1, 1]],
  },
  'several lengths, only the last rows': {
    heads: 4,
    keyValueHeads: 2,
    headSize: 8,
    intermediateSize: 20,
    groups: [
      [3, 1],
      [2, 4],
      [1, 7],
    ],
    rows: 'last',
  },
  'more rows than a block, more terms than a partial sum': {
    heads: 2,
    keyValueHeads: 1,
    headSize: 4,
    intermediateSize: 259,
    groups: [
      [1, 2],
      [1, 51],
    ],
  },
  'biases of queries, keys and values': {
    heads: 4,
    keyValueHeads: 2,
    headSize: 6,
    intermediateSize: 10,
    attentionBias: 'qkv',
    groups: [
      [2, 1],
      [1, 6],
    ],
  },
  'norms of queries and keys, heads of another size, only the last rows': {
    heads: 4,
    keyValueHeads: 2,
    headSize: 6,
    hiddenSize: 16,
    intermediateSize: 10,
    queryKeyNorm: true,
    groups: [
      [2, 1],
      [4, 9],
    ],
    rows: 'last',
  },
  'biases and norms everywhere': {
    heads: 2,
    keyValueHeads: 1,
    headSize: 10,
    hiddenSize: 12,
    intermediateSize: 9,
    attentionBias: 'qkvo',
    queryKeyNorm: true,
    groups: [
      [1, 3],
      [1, 49],
    ],
  },
  'biases and norms everywhere, only the last rows': {
    heads: 2,
    keyValueHeads: 2,
    headSize: 4,
    hiddenSize: 12,
    intermediateSize: 9,
    attentionBias: 'qkvo',
    queryKeyNorm: true,
    groups: [[3, 4]],
    rows: 'last',
  },
  'leaves behind histories of some lengths and behind none': {
    heads: 4,
    keyValueHeads: 2,
    headSize: 20,
    intermediateSize: 24,
    groups: [
      [2, 2, 2],
      [1, 4],
      [2, 5, 1],
      [1, 7, 4],
    ],
  },
  'more leaves than a block, behind more rows than one': {
    heads: 2,
    keyValueHeads: 2,
    headSize: 4,
    intermediateSize: 8,
    groups: [[1, 103, 51]],
  },
  'one sequence, head size 6': {
    heads: 2,
    keyValueHeads: 1,
    headSize: 6,
    intermediateSize: 11,
    groups: [[1, 5]],
  },
};

const upload = ({ inputs, shapes }: Layer): NamedTensorMap =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, values]) => [
      name,
      tensor(Float32Array.from(values), shapes[name] as number[]),
    ]),
  );

const wantedOf = ({ attributes }: Layer): string[] => attributes.wants.split(' ');

type Keep = 'nothing' | 'input' | 'activations';

function forward(inputs: NamedTensorMap, { attributes }: Layer, keep: Keep): Tensor {
  return engine().runKernel('LockstepDecoderLayer', inputs, { ...attributes, keep }) as Tensor;
}

/** y and the gradients of the sum of y dy, as arrays. */
function forwardAndBackward(
  layer: Layer,
  dy: Float32Array,
  keep: Keep = 'activations',
): Float32Array[] {
  return tidy(() => {
    const y = forward(upload(layer), layer, keep);
    const gradients = engine().runKernel('LockstepDecoderLayerGrad', {
      y,
      dy: tensor(dy, y.shape),
    }) as Tensor[];
    return [y, ...gradients].map((each) => each.dataSync().slice() as Float32Array);
  });
}

/** |a - b| / |b| */
function distance(a: Float32Array, b: Float32Array): number {
  const length = (x: Float32Array): number => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
  const difference = length(a.map((value, index) => value - (b[index] as number)));
  return difference === 0 ? 0 : difference / length(b);
}

function assertNear(got: number, expected: number, tolerance: number, what: string): void {
  const allowed = tolerance * (1 + Math.abs(expected));
  assert.ok(Math.abs(got - expected) <= allowed, `${what}: ${got} should be ${expected}`);
}

describe('the fused decoder layer', () => {
  let torch: Engine;
  before(async () => {
    torch = await openEngine('torch', { threads: 1 });
  });
  beforeEach(() => setBackend('torch'));

  for (const [name, of] of Object.entries(cases)) {
    // Would catch a wrong half of the rotation, a mask off by one, a head reading another's keys.
    it(`computes its definition: ${name}`, () => {
      const layer = makeLayer(of);
      const expected = define(layer);
      const y = tidy(() => forward(upload(layer), layer, 'nothing').dataSync() as Float32Array);
      expected.forEach((value, index) => {
        assertNear(y[index] as number, value, 1e-5, `y[${index}]`);
      });
    });

    // Would catch a gradient that is lost, or that comes back in another's place.
    it(`gives the slope of its definition for every input: ${name}`, () => {
      const layer = makeLayer(of, 2);
      const next = sequence(3);
      const dy = Float32Array.from(define(layer), () => next());
      const [, ...gradients] = forwardAndBackward(layer, dy);
      const loss = (): number =>
        define(layer).reduce((sum, y, index) => sum + y * (dy[index] as number), 0);
      wantedOf(layer).forEach((input, at) => {
        const values = layer.inputs[input] as Float64Array;
        // From another start each time, and not all of them: that would take minutes.
        const stride = Math.max(Math.min(7, values.length), Math.ceil(values.length / 100));
        for (let index = at % 7; index < values.length; index += stride) {
          const kept = values[index] as number;
          const nudge = 1e-4;
          values[index] = kept + nudge;
          const above = loss();
          values[index] = kept - nudge;
          const slope = (above - loss()) / (2 * nudge);
          values[index] = kept;
          assertNear(gradients[at]?.[index] as number, slope, 2e-5, `${input}[${index}]`);
        }
      });
    });
  }

  // Would catch a buffer's place in memory, or what else is alive, that reaches the order of sums.
  it('gives the same bits again, with other tensors alive', () => {
    const layer = makeLayer({
      heads: 4,
      keyValueHeads: 4,
      headSize: 32,
      intermediateSize: 344,
      groups: [
        [7, 3],
        [5, 20],
        [3, 47],
      ],
    });
    const dy = (layer.inputs.x as Float64Array).length;
    const once = forwardAndBackward(layer, new Float32Array(dy).fill(0.25));
    for (const size of [1, 3, 1000, 99_999]) {
      const inTheWay = tensor(new Float32Array(size));
      assert.deepEqual(forwardAndBackward(layer, new Float32Array(dy).fill(0.25)), once);
      inTheWay.dispose();
    }
  });

  // Would catch rows whose place in a block or thread reaches the order of their sums.
  it('gives the same bits for every number of threads', () => {
    const native = loadNative();
    const device = { deterministic: true, tf32: false, hostPasses: 'blocks' } as const;
    for (const rows of ['all', 'last'] as const) {
      const layer = makeLayer({
        heads: 4,
        keyValueHeads: 2,
        headSize: 24,
        intermediateSize: 331,
        groups: [
          [7, 3],
          [5, 20],
          [3, 147],
        ],
        rows,
      });
      const dy = new Float32Array((rows === 'all' ? 562 : 15) * 96).fill(0.25);
      const [byOne, ...byMore] = [1, 2, 3].map((threads) => {
        native.open({ ...device, threads });
        return forwardAndBackward(layer, dy);
      });
      native.open({ ...device, threads: 1 });
      for (const each of byMore) assert.deepEqual(each, byOne);
    }
  });

  // Would catch a layer that runs again with other numbers than it ran with first.
  it('gives the same bits whether activations are kept or made again', () => {
    for (const of of Object.values(cases)) {
      const layer = makeLayer(of);
      const dy = new Float32Array(define(layer).length).fill(0.25);
      assert.deepEqual(
        forwardAndBackward(layer, dy, 'input'),
        forwardAndBackward(layer, dy, 'activations'),
      );
    }
  });

  // Would catch what other devices and processors compute and no test on this one would ever run.
  for (const hostPasses of ['loops', 'kernels', 'operations'] as const) {
    it(`computes the same by ${hostPasses}`, () => {
      const native = loadNative();
      const device = { threads: 1, deterministic: true, tf32: false };
      for (const precision of ['f32', 'bf16'] as const) {
        for (const of of Object.values(cases)) {
          const layer = makeLayer(of);
          const given = { ...layer, attributes: { ...layer.attributes, precision } };
          const dy = new Float32Array(define(layer).length).fill(0.25);
          const expected = forwardAndBackward(given, dy);
          native.open({ ...device, hostPasses });
          const got = forwardAndBackward(given, dy);
          native.open({ ...device, hostPasses: 'blocks' });
          got.forEach((values, at) => {
            const allowed = precision === 'f32' ? 1e-5 : 0.02;
            assert.ok(distance(values, expected[at] as Float32Array) < allowed, `output ${at}`);
          });
        }
      }
    });
  }

  // Would catch a type that is mixed up, a residual stream or a weight's gradient in 16 bits.
  it('stays within the rounding of bfloat16 in bf16', () => {
    for (const of of Object.values(cases)) {
      const layer = makeLayer(of);
      const dy = new Float32Array(define(layer).length).fill(0.25);
      const low = { ...layer, attributes: { ...layer.attributes, precision: 'bf16' as const } };
      const exact = forwardAndBackward(layer, dy);
      const rounded = forwardAndBackward(low, dy);
      assert.notDeepEqual(rounded, exact);
      rounded.forEach((values, at) => {
        assert.ok(distance(values, exact[at] as Float32Array) < 0.03, `output ${at}`);
      });
    }
  });

  // Would catch a gradient that is computed from what only another one brought, and one in the place
  // of its neighbour.
  it('brings the same bits of a gradient whatever else is wanted', () => {
    for (const of of Object.values(cases)) {
      const layer = makeLayer(of);
      const dy = new Float32Array(define(layer).length).fill(0.25);
      const [y, ...all] = forwardAndBackward(layer, dy);
      const names = wantedOf(layer);
      const parts = [['inputNorm', 'v'], names.slice(3), ...names.map((name) => [name])];
      for (const some of parts) {
        const wants = names.filter((name) => some.includes(name)).join(' ');
        const only = { ...layer, attributes: { ...layer.attributes, wants } };
        const expected = names.flatMap((name, at) => (some.includes(name) ? [all[at]] : []));
        assert.deepEqual(forwardAndBackward(only, dy), [y, ...expected], wants);
      }
    }
  });

  // Would catch activations that outlive their backward, in memory that V8 cannot see.
  it('holds no memory after 200 forwards and backwards', () => {
    const layer = makeLayer(cases['one sequence, head size 6'] as LayerCase);
    const dy = new Float32Array((layer.inputs.x as Float64Array).length).fill(1);
    const held = { tensors: memory().numTensors, bytes: torch.tensorBytes() };
    for (let count = 0; count < 200; count++) forwardAndBackward(layer, dy);
    assert.deepEqual({ tensors: memory().numTensors, bytes: torch.tensorBytes() }, held);
  });

  // Would catch a backward that is run twice on one graph, or on none, and crashes the process.
  it('refuses a second backward, and one of a forward that kept nothing', () => {
    const layer = makeLayer(cases['one token, one head'] as LayerCase);
    tidy(() => {
      const inputs = upload(layer);
      const backward = (y: Tensor) =>
        engine().runKernel('LockstepDecoderLayerGrad', { y, dy: inputs.x as Tensor });
      assert.throws(() => backward(forward(inputs, layer, 'nothing')), /has no backward/);
      const y = forward(inputs, layer, 'activations');
      backward(y);
      assert.throws(() => backward(y), /LockstepDecoderLayerGrad.*has no backward.*or it has run/);
    });
  });

  // Would catch a layout that leaves rows out, which would train on the wrong neighbours.
  it('names the kernel and the shapes where groups or sizes do not fit', () => {
    const layer = makeLayer(cases['one sequence, head size 6'] as LayerCase);
    tidy(() => {
      const inputs = upload(layer);
      const groups = [0, 1, 4];
      assert.throws(
        () =>
          forward(inputs, { ...layer, attributes: { ...layer.attributes, groups } }, 'activations'),
        /LockstepDecoderLayer on \[float32 \[5, 12\].*the groups are not the rows 0 to 5/,
      );
      const narrow = { ...inputs, down: tensor(new Float32Array(44), [4, 11]) };
      assert.throws(
        () => forward(narrow, layer, 'activations'),
        /LockstepDecoderLayer on \[.*\[4, 11\]/,
      );
    });
  });
});
