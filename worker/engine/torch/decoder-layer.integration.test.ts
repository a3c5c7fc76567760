import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import {
  getKernel,
  registerKernel,
  type Tensor,
  type Tensor2D,
  tensor2d,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { decoderLayer, type LayerInput } from '../../model/decoder-layer.js';
import { uniform, uniformTensor, worstGradientError } from '../../model/gradient-check.js';
import type { DecoderConfig } from '../../model/model-config.js';
import { packedLayout } from '../../model/packed-layout.js';
import { RotaryTable } from '../../model/rope.js';
import { openEngine } from '../engine.js';

interface Shape {
  readonly name: string;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly lengths: readonly number[];
}

const shapes: readonly Shape[] = [
  { name: 'one token', heads: 2, keyValueHeads: 2, headSize: 4, lengths: [1] },
  { name: 'one sequence', heads: 2, keyValueHeads: 1, headSize: 4, lengths: [5] },
  { name: 'one head', heads: 1, keyValueHeads: 1, headSize: 8, lengths: [2, 3] },
  { name: 'heads of six', heads: 2, keyValueHeads: 2, headSize: 6, lengths: [1, 4, 4] },
  { name: 'shared key heads', heads: 6, keyValueHeads: 2, headSize: 2, lengths: [3, 3, 7] },
];

const sharedHeads = shapes[4] as Shape;

function caseOf({ heads, keyValueHeads, headSize, lengths }: Shape) {
  const hidden = heads * headSize;
  const [middle, shared] = [hidden + 3, keyValueHeads * headSize];
  const config: DecoderConfig = {
    hiddenSize: hidden,
    layers: 1,
    heads,
    keyValueHeads,
    intermediateSize: middle,
    normEps: 1e-5,
    ropeTheta: 10000,
  };
  const { rows, groups } = packedLayout([...lengths]);
  const positions = Int32Array.from(lengths.flatMap((n) => Array.from({ length: n }, (_, i) => i)));
  const { cos, sin } = new RotaryTable(headSize, config.ropeTheta).rows(positions);
  const table: [number, number] = [rows, headSize / 2];
  const next = uniform(7);
  const inputs: Record<LayerInput, Tensor> = {
    x: uniformTensor(next, [rows, hidden]),
    inputNorm: uniformTensor(next, [hidden]),
    q: uniformTensor(next, [hidden, hidden]),
    k: uniformTensor(next, [shared, hidden]),
    v: uniformTensor(next, [shared, hidden]),
    o: uniformTensor(next, [hidden, hidden]),
    postNorm: uniformTensor(next, [hidden]),
    gate: uniformTensor(next, [middle, hidden]),
    up: uniformTensor(next, [middle, hidden]),
    down: uniformTensor(next, [hidden, middle]),
  };
  const dy = uniformTensor(next, [rows, hidden]);
  const geometry = { groups, cos: tensor2d(cos, table), sin: tensor2d(sin, table) };
  const run = ({ x, ...weights }: Record<LayerInput, Tensor>) =>
    decoderLayer(x as Tensor2D, weights, geometry, config);
  return { inputs, dy, run, next };
}

/** y and every gradient, by name. */
function everything({ inputs, dy, run }: ReturnType<typeof caseOf>): Record<string, Float32Array> {
  const [y, pullback] = run(inputs);
  const gradients = Object.entries<Tensor>(pullback(dy));
  return Object.fromEntries(
    [['y', y] as const, ...gradients].map(([name, t]) => [name, t.dataSync() as Float32Array]),
  );
}

function composed<T>(work: () => T): T {
  const fused = getKernel('LockstepDecoderLayer', 'torch');
  unregisterKernel('LockstepDecoderLayer', 'torch');
  try {
    return work();
  } finally {
    registerKernel(fused);
  }
}

describe('fused decoder layer', () => {
  before(() => openEngine('torch', { threads: 1 }));

  // Would catch a fused formula that differs from the definition, or gradients in another order.
  for (const shape of shapes) {
    it(`has the value and the gradients of the composition: ${shape.name}`, () => {
      const given = caseOf(shape);
      const fused = everything(given);
      const expected = composed(() => everything(given));
      assert.deepEqual(Object.keys(fused).sort(), Object.keys(expected).sort());
      for (const [name, values] of Object.entries(expected)) {
        const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        values.forEach((value, at) => {
          const error = Math.abs(value - (fused[name]?.[at] as number)) / largest;
          assert.ok(error < 1e-5, `${name}[${at}]: relative error ${error}`);
        });
      }
    });
  }

  // Would catch a mistake that the composition's derivatives share.
  it('has the gradients that differences measure', () => {
    const { inputs, run, next } = caseOf(sharedHeads);
    const error = worstGradientError<LayerInput>(run, inputs, next, { step: 4e-3, floor: 1 });
    assert.ok(error < 5e-3, `relative error ${error}`);
  });

  // Would catch memory read before it is written, and sums in an order that varies.
  it('computes the same bits every time', () => {
    const given = caseOf(sharedHeads);
    const first = everything(given);
    for (let run = 0; run < 5; run++) assert.deepEqual(everything(given), first);
  });
});
