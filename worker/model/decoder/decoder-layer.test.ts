import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { dispose, slice, type Tensor, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { openEngine } from '../../engine/open-engine.js';
import { uniform, uniformTensor, worstGradientError } from '../autodiff/gradient-check.js';
import type { DecoderConfig } from '../model-config.js';
import {
  decoderLayer,
  decoderLayerOnly,
  type LayerGeometry,
  type LayerInput,
  type LayerWeights,
} from './decoder-layer.js';
import { packedLayout } from './packed-layout.js';
import { RotaryTable } from './rope.js';

const config: DecoderConfig = {
  hiddenSize: 8,
  layers: 1,
  heads: 4,
  keyValueHeads: 2,
  intermediateSize: 12,
  normEps: 1e-5,
  ropeTheta: 10000,
};

/** What the families of pretrained models change. */
const variants: Readonly<Record<string, Partial<DecoderConfig>>> = {
  Llama: {},
  'Llama with attention_bias, heads of another size': { attentionBias: 'qkvo', headSize: 4 },
  Qwen2: { attentionBias: 'qkv' },
  Qwen3: { queryKeyNorm: true, headSize: 6 },
};

function randomLayer(next: () => number, changes: Partial<DecoderConfig> = {}): LayerWeights {
  const { attentionBias, queryKeyNorm, headSize = 2 } = changes;
  const [queries, keys] = [4 * headSize, 2 * headSize];
  const matrix = (out: number, into: number): Tensor => uniformTensor(next, [out, into]);
  const vector = (size: number): Tensor => uniformTensor(next, [size]);
  return {
    inputNorm: uniformTensor(next, [8]),
    q: matrix(queries, 8),
    k: matrix(keys, 8),
    v: matrix(keys, 8),
    o: matrix(8, queries),
    postNorm: uniformTensor(next, [8]),
    gate: matrix(12, 8),
    up: matrix(12, 8),
    down: matrix(8, 12),
    ...(attentionBias !== undefined && {
      qBias: vector(queries),
      kBias: vector(keys),
      vBias: vector(keys),
    }),
    ...(attentionBias === 'qkvo' && { oBias: vector(8) }),
    ...(queryKeyNorm && { qNorm: vector(headSize), kNorm: vector(headSize) }),
  };
}

function geometryOf(lengths: number[], headSize = 2): LayerGeometry {
  const { rows, groups } = packedLayout(lengths);
  const positions = Int32Array.from(lengths.flatMap((n) => Array.from({ length: n }, (_, i) => i)));
  const { cos, sin } = new RotaryTable(headSize, config.ropeTheta).rows(positions);
  const shape: [number, number] = [rows, headSize / 2];
  return { groups, cos: tensor2d(cos, shape), sin: tensor2d(sin, shape) };
}

const rowsOf = (y: Tensor): number[][] => y.arraySync() as number[][];

describe('decoder layer', () => {
  before(() => openEngine('cpu', { threads: 1 }));

  for (const [family, changes] of Object.entries(variants)) {
    // Would catch a wrong derivative of any operation, of head sharing and of the group split.
    it(`has the gradients that differences measure, for x and every weight: ${family}`, () => {
      const next = uniform(3);
      const geometry = geometryOf([1, 1, 3, 4], changes.headSize);
      const inputs = { x: uniformTensor(next, [9, 8]), ...randomLayer(next, changes) };
      const run = ({ x, ...weights }: Record<LayerInput, Tensor>) =>
        decoderLayer(x as Tensor2D, weights, geometry, { ...config, ...changes });
      const error = worstGradientError<LayerInput>(
        run,
        inputs as Record<LayerInput, Tensor>,
        next,
        { step: 4e-3, floor: 1 },
      );
      assert.ok(error < 5e-3, `relative error ${error}`);
    });
  }

  // Would catch attention across a sequence's end, or a group cut at the wrong row.
  it('computes a sequence as if it were alone', () => {
    const next = uniform(4);
    const weights = randomLayer(next);
    const lengths = [2, 3, 3, 5];
    const x = uniformTensor(next, [13, 8]) as Tensor2D;
    const together = rowsOf(decoderLayerOnly(x, weights, geometryOf(lengths), config));
    let start = 0;
    for (const length of lengths) {
      const own = slice(x, [start, 0], [length, 8]) as Tensor2D;
      const alone = rowsOf(decoderLayerOnly(own, weights, geometryOf([length]), config));
      alone.forEach((row, at) => {
        assert.deepEqual(row, together[start + at]);
      });
      start += length;
    }
  });

  // Would catch a mask that is off by one, or one applied to the wrong axis.
  it('lets no row see a later one', () => {
    const next = uniform(5);
    const weights = randomLayer(next);
    const geometry = geometryOf([4, 4]);
    const values = Array.from({ length: 8 }, () => Array.from({ length: 8 }, next));
    const changed = values.map((row, at) => (at === 2 ? row.map((value) => value + 1) : row));
    const [before, after] = [values, changed].map((rows) =>
      rowsOf(decoderLayerOnly(tensor2d(rows), weights, geometry, config)),
    ) as [number[][], number[][]];
    const differing = before.flatMap((row, at) =>
      row.some((value, column) => value !== after[at]?.[column]) ? [at] : [],
    );
    assert.deepEqual(differing, [2, 3]);
  });

  // Would catch a forward for evaluation that drifts from the one that is trained.
  it('computes the same bits with and without a pullback', () => {
    const next = uniform(6);
    const weights = randomLayer(next);
    const geometry = geometryOf([3, 3]);
    const x = uniformTensor(next, [6, 8]) as Tensor2D;
    const [y, pullback] = decoderLayer(x, weights, geometry, config);
    assert.deepEqual(rowsOf(y), rowsOf(decoderLayerOnly(x, weights, geometry, config)));
    pullback.dispose();
    dispose(y);
  });
});
